import ArgumentParser
import Foundation
import Subprocess
import SystemPackage

/// One member and many workers, beside the time the same domains take when bare libvirt calls start them in the same
/// run.
struct ScaleBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Bring up one member and many workers, beside the same domains started by bare libvirt calls.",
        discussion: """
            Times count from the beginning of the command; ready is when fleet lists every node, and units are active \
            when a global unit and a hundred others are. The bare domains are waited for until every proxy answers. \
            Requests are those that etcd counted until the units were active.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: ArgumentHelp("Numbers of workers, each measured in turn.", valueName: "N,N"))
    var workers = "20,60"

    @Option(help: "Measure each number this many times.")
    var runs = Runs(1)

    @Option(name: .customLong("max-boots"), help: "Nodes that may boot at a time; else as slipway has it.")
    var maxBoots: Int?

    @Flag(name: .customLong("no-bare"), help: "Leave out the bare domains.")
    var leavesOutBare = false

    private static let cluster = "bench-scale"
    private static let member = "10.71.124.10"
    private static let idleSeconds = 10

    func run() async throws {
        let numbers = workers.split(separator: ",").compactMap { Int($0) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 2 }) else {
            throw ValidationError("--workers takes numbers above 2, with commas between them")
        }
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: runs.count)
        try await slipway("image", "build")
        let result: Result<Void, any Error>
        do {
            for number in numbers {
                for _ in 1...runs.count { try await measure(number, slipway, scratch, report.figures) }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await slipway.clear([Self.cluster])
        try scratch.remove()
        try result.get()
        try options.show(report, title: "one member and workers", rows: numbers.flatMap(Self.rows))
    }

    private func measure(_ count: Int, _ slipway: SlipwayProgram, _ scratch: Scratch, _ figures: Figures) async throws {
        let name = "w\(count)_"
        if !leavesOutBare {
            Host.note("1 + \(count), bare")
            let (root, layer) = (try await slipway.image("root"), try await slipway.image("layer"))
            let said = try await Host.run(["Scripts/lib/bare.sh", root, layer, "1", "\(count)"])
            for word in said.split(whereSeparator: \.isWhitespace) {
                let pair = word.split(separator: "=")
                guard pair.count == 2, let value = Double(pair[1]) else { throw BenchError("bare.sh said \(said)") }
                figures.add(name + "bare_" + pair[0].replacing("_ms", with: ""), value)
            }
        }
        Host.note("1 + \(count), slipway")
        let topology = try topology(workers: count, scratch)
        let free = try Host.availableKiB()
        let load = Task { await Self.peakLoad() }
        let times: [String: Double]
        do { times = try await up(slipway, topology) } catch {
            load.cancel()
            throw error
        }
        load.cancel()
        figures.add(name + "load", await load.value * 1000)
        for (what, time) in times { figures.add(name + what, time) }
        figures.add(name + "requests", try await Self.requests())
        figures.add(name + "memory", (free - (try Host.availableKiB())) / Double(count + 1))
        // What followed the start is no part of it.
        try await Task.sleep(for: .seconds(Self.idleSeconds))
        let (busy, requests) = (try Self.busySeconds(), try await Self.requests())
        try await Task.sleep(for: .seconds(Self.idleSeconds))
        let idle = try Self.busySeconds() - busy
        figures.add(name + "idle", idle / Double(Self.idleSeconds) * 100_000)
        figures.add(
            name + "idle_requests",
            (try await Self.requests() - requests) / Double(Self.idleSeconds * (count + 1)) * 1000
        )
        Host.note("\(count) to 2")
        figures.add(
            name + "fewer",
            try await Host.timed { try await slipway("scale", topology, "worker=2", "--yes") }
        )
        try await slipway("scale", topology, "worker=\(count)", "--yes")
        figures.add(name + "down", try await Host.timed { try await slipway("down", Self.cluster, "--yes") })
    }

    private func topology(workers: Int, _ scratch: Scratch) throws -> String {
        let sleep = "[Service]\nExecStart=/bin/sleep infinity\n"
        _ = try scratch.write(sleep + "\n[X-Fleet]\nGlobal=true\n", to: "everywhere.service")
        _ = try scratch.write(sleep, to: "some@.service")
        return try scratch.write(
            """
            name: \(Self.cluster)
            defaults: {cpus: 1, memory: 512MiB}
            network: {cidr: 10.71.124.0/24}
            fleet: {machine_ttl: 5s}
            roles:
              central: {count: 1, etcd: member}
              worker: {count: \(workers), etcd: proxy}
            units:
              - file: everywhere.service
              - {file: some@.service, instances: 100}

            """,
            to: "scale.yaml",
        )
    }

    private struct Event: Decodable {
        var event: String
        var step: String
    }

    /// Brings it up, and returns how long it took until all nodes were ready, until all units were active, and all in
    /// all.
    private func up(_ slipway: SlipwayProgram, _ topology: String) async throws -> [String: Double] {
        let begin = Date.now
        let bound = maxBoots.map { ["--max-boots", "\($0)"] } ?? []
        let result = try await Subprocess.run(
            .path(.init(slipway.path)),
            arguments: Arguments(["up", topology, "--yes", "--json"] + bound),
            input: .none,
            output: .sequence,
            error: .string(limit: 1 << 20),
        ) { execution in
            var times: [String: Double] = [:]
            for try await line in execution.standardOutput.strings() {
                guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)),
                    event.event == "finished"
                else { continue }
                let time = Date.now.timeIntervalSince(begin) * 1000
                if event.step.hasSuffix("/ready") { times["ready"] = time }
                if event.step == "units/active" { times["units"] = time }
            }
            return times
        }
        guard result.terminationStatus.isSuccess else {
            throw BenchError("slipway up: \(result.terminationStatus)\n\(result.standardError)")
        }
        var times = result.closureResult
        times["up"] = Date.now.timeIntervalSince(begin) * 1000
        if let (ready, units) = times["ready"].flatMap({ ready in times["units"].map { (ready, $0) } }) {
            times["units_after"] = units - ready
        }
        return times
    }

    // MARK: Looks at the host

    /// The highest load average of the last minute until the task is cancelled.
    private static func peakLoad() async -> Double {
        var peak = Host.load()
        while !Task.isCancelled {
            // A sleep that is cut short ends the measurement.
            try? await Task.sleep(for: .milliseconds(500))
            peak = max(peak, Host.load())
        }
        return peak
    }

    /// Seconds that the host's processors were busy, whoever with.
    private static func busySeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/stat", encoding: .utf8)
        let fields = text.split(separator: "\n")[0].split(separator: " ").dropFirst().compactMap { Double($0) }
        guard fields.count > 7 else { throw BenchError("/proc/stat is not of the known form") }
        let busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]
        return busy / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Requests that etcd counted; reading its metrics is none.
    private static func requests() async throws -> Double {
        let metrics = try await Host.run(["curl", "-sS", "-m", "5", "http://\(member):2379/metrics"])
        return metrics.split(separator: "\n").filter { $0.hasPrefix("grpc_server_msg_received_total") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    private static func rows(_ count: Int) -> [Row] {
        let name = "w\(count)_"
        func title(_ text: String) -> String { "1 + \(count): \(text)" }
        return [
            Row(title: title("ready"), figure: name + "ready", beside: name + "bare_proxies", aim: .ratio(1.25)),
            Row(title: title("units active after that"), figure: name + "units_after", aim: .atMost(3)),
            Row(title: title("up, the whole command"), figure: name + "up"),
            Row(title: title("highest load"), figure: name + "load", unit: ""),
            Row(title: title("requests to etcd"), figure: name + "requests", factor: 1, unit: ""),
            Row(title: title("memory a node"), figure: name + "memory", factor: 1 / 1024, unit: "MiB"),
            Row(title: title("the host, idle"), figure: name + "idle", unit: "% of a core"),
            Row(title: title("requests a node, idle"), figure: name + "idle_requests", unit: "/s", aim: .atMost(0.7)),
            Row(title: title("to 2 workers"), figure: name + "fewer", aim: .atMost(6)),
            Row(title: title("down"), figure: name + "down", aim: .atMost(10)),
        ]
    }
}
