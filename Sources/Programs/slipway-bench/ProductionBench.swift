import ArgumentParser
import Foundation
import Subprocess
import SystemPackage

/// Time that Slipway takes, beside the time of the same five domains started by bare libvirt calls in the same run.
struct ProductionBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "production",
        abstract: "Bring production up, beside the same domains started by bare libvirt calls.",
        discussion: """
            Times count from the moment libvirt begins to start the first node; quorum and proxies are when every \
            member's and every proxy's /health says so to a prober outside, the same for both sides.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "Bring production up this many times, each time after the bare domains.")
    var runs = Runs(5)

    @Flag(
        name: .customLong("no-scale"),
        help: "Leave out 1 + 20 workers and the plan of 1,000 nodes."
    )
    var leavesOutScale = false

    private static let shipped = "Topologies/production.yaml"

    func run() async throws {
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: runs.count)
        try await slipway("image", "build")
        // The prober outside asks without a certificate, and the bare domains have none; what TLS costs is a row.
        let text = try String(contentsOfFile: Self.shipped, encoding: .utf8)
        _ = try await Host.run(["cp", "-r", "Topologies/units", scratch.path])
        let topology = try scratch.write(text.replacing("tls: true", with: "tls: false"), to: "production.yaml")
        let result: Result<Void, any Error>
        do { result = .success(try await measure(slipway, topology, scratch, report.figures)) } catch {
            result = .failure(error)
        }
        await slipway.clear(["production", "bench-scale"])
        try scratch.remove()
        try result.get()
        try options.show(report, title: "production", rows: Self.rows)
    }

    private func measure(
        _ slipway: SlipwayProgram,
        _ topology: String,
        _ scratch: Scratch,
        _ figures: Figures
    ) async throws {
        let (root, layer) = (try await slipway.image("root"), try await slipway.image("layer"))
        for run in 1...runs.count {
            Host.note("run \(run) of \(runs.count): bare, then slipway")
            let said = try await Host.run(["Scripts/lib/bare.sh", root, layer, "3", "2"])
            for word in said.split(whereSeparator: \.isWhitespace) {
                let pair = word.split(separator: "=")
                guard pair.count == 2, let value = Double(pair[1]) else {
                    throw BenchError("bare.sh said \(said)")
                }
                figures.add("bare_" + pair[0].replacing("_ms", with: ""), value)
            }
            try await production(slipway, topology, figures)
            figures.add("noop", try await Host.timed { try await slipway("up", topology, "--yes") })
            figures.add("down", try await Host.timed { try await slipway("down", "production", "--yes") })
            figures.add("up_tls", try await Host.timed { try await slipway("up", Self.shipped, "--yes") })
            try await slipway("down", "production", "--yes")
        }
        if !leavesOutScale { try await scale(slipway, scratch, figures) }
    }

    private func production(_ slipway: SlipwayProgram, _ topology: String, _ figures: Figures) async throws {
        let members = try await slipway.addresses(of: "central", in: topology)
        let workers = try await slipway.addresses(of: "worker", in: topology)
        async let quorum = Host.healthy(members, within: .seconds(120))
        async let proxies = Host.healthy(workers, within: .seconds(120))
        let begin = Date.now
        let units = try await Self.up(slipway.path, topology)
        figures.add("up", Date.now.timeIntervalSince(begin) * 1000)
        let nodes =
            (1...3).map { "production.central-\($0)" } + (1...2).map { "production.worker-\($0)" }
        let start = try await Host.firstStart(nodes)
        let (voted, proxied) = (try await quorum, try await proxies)
        figures.add("before_start", start.timeIntervalSince(begin) * 1000)
        figures.add("quorum", voted.timeIntervalSince(start) * 1000)
        figures.add("proxies", proxied.timeIntervalSince(start) * 1000)
        figures.add("units", units.timeIntervalSince(start) * 1000)
        figures.add("units_after_proxies", units.timeIntervalSince(max(voted, proxied)) * 1000)
    }

    private struct Event: Decodable {
        var event: String
        var step: String
    }

    /// Brings production up, and returns when its units were active.
    private static func up(_ slipway: String, _ topology: String) async throws -> Date {
        let result = try await Subprocess.run(
            .path(.init(slipway)),
            arguments: ["up", topology, "--yes", "--json"],
            input: .none,
            output: .sequence,
            error: .string(limit: 1 << 20),
        ) { execution in
            var active: Date?
            for try await line in execution.standardOutput.strings() {
                let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8))
                if event?.event == "finished", event?.step == "units/active" { active = .now }
            }
            return active
        }
        guard result.terminationStatus.isSuccess, let active = result.closureResult else {
            throw BenchError("slipway up: \(result.terminationStatus)\n\(result.standardError)")
        }
        return active
    }

    private func scale(_ slipway: SlipwayProgram, _ scratch: Scratch, _ figures: Figures) async throws {
        let twenty = try scratch.write(
            """
            name: bench-scale
            defaults: {cpus: 1, memory: 512MiB}
            network: {cidr: 10.71.120.0/24}
            roles:
              central: {count: 1, etcd: member}
              worker: {count: 20, etcd: proxy}

            """,
            to: "scale.yaml",
        )
        let thousand = try scratch.write(
            """
            name: bench-thousand
            network: {cidr: 10.72.0.0/20}
            roles:
              central: {count: 5, etcd: member}
              worker: {count: 995, etcd: proxy}

            """,
            to: "thousand.yaml",
        )
        Host.note("1 + 20 workers")
        figures.add("scale_up", try await Host.timed { try await slipway("up", twenty, "--yes") })
        figures.add("scale_down", try await Host.timed { try await slipway("down", twenty, "--yes") })
        Host.note("plan of 1,000 nodes")
        for _ in 1...5 {
            figures.add(
                "plan_1000",
                try await Host.timed { try await slipway("plan", thousand, expecting: [0, 2]) }
            )
        }
    }

    private static let rows = [
        Row(title: "quorum", figure: "quorum", beside: "bare_quorum", aim: .ratio(1.15)),
        Row(title: "proxies answer", figure: "proxies", beside: "bare_proxies", aim: .ratio(1.15)),
        Row(title: "all units active", figure: "units"),
        Row(title: "units active after the proxies", figure: "units_after_proxies", aim: .atMost(1.5)),
        Row(title: "command to first start", figure: "before_start"),
        Row(title: "up, the whole command", figure: "up"),
        Row(title: "up with etcd over TLS", figure: "up_tls", beside: "up"),
        Row(title: "up with nothing to do", figure: "noop", aim: .atMost(0.5)),
        Row(title: "down", figure: "down", aim: .atMost(4)),
        Row(title: "up of 1 + 20 workers", figure: "scale_up", aim: .atMost(25)),
        Row(title: "down of 1 + 20 workers", figure: "scale_down"),
        Row(title: "plan of 1,000 nodes", figure: "plan_1000", aim: .atMost(0.5)),
    ]
}
