import ArgumentParser
import Foundation

/// A cluster of many nodes of which one after the other loses its power, for as long as is asked for.
struct SoakBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Let workers lose their power one after the other for a long time, and judge the cluster at its end.",
        discussion: """
            One member and many workers with a global unit and a unit a worker. `slipway chaos` takes a worker down every \
            ten seconds and judges etcd's answers and the units all the while; `slipway smoke` and a plan of nothing are \
            the end. Memory is that of the host: what it has less of at the end than at the beginning was not given back.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Time in which nodes go down: 60s, 10m, 1h.", valueName: "time")
    )
    var time = "1h"

    @Option(help: "Number of workers.")
    var workers = 20

    @Option(help: "Number that decides which node is next.")
    var seed = 1

    private static let cluster = "bench-soak"

    func validate() throws {
        guard workers >= 3 else { throw ValidationError("--workers is at least 3") }
    }

    func run() async throws {
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: 1)
        try await slipway("image", "build")
        let result: Result<Void, any Error>
        do {
            result = .success(try await measure(slipway, scratch, report.figures))
        } catch {
            result = .failure(error)
        }
        await slipway.clear([Self.cluster])
        try scratch.remove()
        try result.get()
        try options.show(report, title: "1 + \(workers), for \(time)", rows: Self.rows)
    }

    private struct Verdict: Decodable {
        struct Fault: Decodable { var fault: String }
        struct Violation: Decodable { var invariant: String, message: String }

        var faults: [Fault]
        var violations: [Violation]
    }

    private func measure(_ slipway: SlipwayProgram, _ scratch: Scratch, _ figures: Figures) async throws {
        let sleep = "[Service]\nExecStart=/bin/sleep infinity\n"
        _ = try scratch.write(sleep + "\n[X-Fleet]\nGlobal=true\n", to: "everywhere.service")
        _ = try scratch.write(sleep, to: "some@.service")
        let topology = try scratch.write(
            """
            name: \(Self.cluster)
            defaults: {cpus: 1, memory: 512MiB}
            network: {cidr: 10.71.126.0/24}
            fleet: {machine_ttl: 5s}
            roles:
              central: {count: 1, etcd: member}
              worker: {count: \(workers), etcd: proxy}
            units:
              - file: everywhere.service
              - {file: some@.service, instances: \(workers)}

            """,
            to: "soak.yaml",
        )
        let scenario = try scratch.write(
            """
            name: soak
            every: 10s
            limits: {members: 0, nodes: 2, faults: 2}
            faults:
              - {fault: power-off, roles: [worker], lasts: 5s..15s}

            """,
            to: "scenario.yaml",
        )
        Host.note("1 + \(workers) come up")
        figures.add("up", try await Host.timed { try await slipway("up", topology, "--yes") })
        let free = try Host.availableKiB()
        Host.note("a worker loses its power every ten seconds for \(time)")
        let words = [
            options.slipway, "chaos", topology, "--scenario", scenario, "--for", time, "--seed", "\(seed)", "--yes",
            "--json",
        ]
        let verdict: Verdict = try await Host.json(words, expecting: [0, 1])
        figures.add("faults", Double(verdict.faults.count))
        figures.add("violations", Double(verdict.violations.count))
        for violation in verdict.violations { Host.note("\(violation.invariant): \(violation.message)") }
        // Before smoke, for which nodes start Docker.
        figures.add("memory", free - (try Host.availableKiB()))
        Host.note("smoke")
        figures.add("smoke", try await Host.timed { try await slipway("smoke", topology) })
        figures.add("again", try await Host.timed { try await slipway("up", topology, "--yes") })
        guard verdict.violations.isEmpty else { throw BenchError("an invariant did not hold, see above") }
    }

    private static let rows = [
        Row(title: "up", figure: "up"),
        Row(title: "nodes that lost their power", figure: "faults", factor: 1, unit: ""),
        Row(title: "violations", figure: "violations", factor: 1, unit: "", aim: .atMost(0)),
        Row(title: "smoke at the end", figure: "smoke"),
        Row(title: "up again, with nothing to do", figure: "again"),
        Row(title: "memory that was not given back", figure: "memory", factor: 1 / 1024, unit: "MiB"),
    ]
}
