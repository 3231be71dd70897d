import ArgumentParser
import Foundation

/// fleet's figures on three container nodes, beside those of the original on a 2-core machine.
struct FleetBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Launch, destroy, write, list and lose units, beside the original's figures.",
        discussion: """
            A unit counts as active, or gone, when its machine has said so in etcd. Requests are those that etcd's own \
            /metrics count; CPU is that of the three fleetd together. Both hardly depend on what else the machine does; \
            times do.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "Do everything this many times.")
    var runs = Runs(10)

    @Option(parsing: .upToNextOption, help: "How many units are launched and destroyed together.")
    var sizes = [10, 30, 100, 300]

    @Flag(name: .customLong("no-loss"), help: "Leave out the nodes that lose their power.")
    var leavesOutLoss = false

    func run() async throws {
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: runs.count)
        try await slipway("image", "build")
        let result: Result<Void, any Error>
        do {
            try await slipway("up", scratch.write(FleetCluster.topology, to: "fleet.yaml"), "--yes")
            let address = try await slipway.address(of: "central-1", in: FleetCluster.name)
            result = .success(try await measure(FleetCluster(address: address), report.figures))
        } catch {
            result = .failure(error)
        }
        await slipway.clear([FleetCluster.name])
        try scratch.remove()
        try result.get()
        try options.show(report, title: "fleet", rows: rows)
    }

    private func measure(_ cluster: FleetCluster, _ figures: Figures) async throws {
        try await cluster.waitForMachines(3)
        try await idle(0, cluster, figures)
        for run in 1...runs.count {
            Host.note("run \(run) of \(runs.count)")
            try await change(1, .active, cluster, figures, "start")
            try await change(1, .gone, cluster, figures, "stop")
            try await write(cluster, figures)
            for size in sizes {
                try await change(size, .active, cluster, figures, "launch_\(size)")
                if run == 1 { try await idle(size, cluster, figures) }
                for _ in 1...3 { figures.add("list_\(size)_us", try await Self.list(size, cluster)) }
                for size in try await cluster.memory() { figures.add("memory_kib", size) }
                try await change(size, .gone, cluster, figures, "destroy_\(size)")
            }
            if !leavesOutLoss { try await losses(cluster, figures) }
        }
        figures.add("garbage_keys", Double(try await cluster.garbage()))
    }

    /// Launches or destroys units through fleet's API, ten requests at a time.
    private func change(
        _ count: Int,
        _ wanted: FleetCluster.Wanted,
        _ cluster: FleetCluster,
        _ figures: Figures,
        _ name: String? = nil,
    ) async throws {
        let (requests, processor) = (try await cluster.requests(), try await cluster.processorTime())
        let config = Self.curlConfig(count, wanted, socket: try await cluster.socket())
        let took = try await cluster.time(count, wanted, within: .seconds(120)) {
            let script = #"curl -sS -f -Z --no-progress-meter --parallel-max 10 -K <(printf %s "$1")"#
            _ = try await Host.shell(script, config)
        }
        guard let name else { return }
        figures.add("\(name)_ms", took)
        figures.add("\(name)_cpu", try await cluster.processorTime() - processor)
        figures.add("\(name)_requests", try await cluster.requests() - requests)
    }

    private static func curlConfig(_ count: Int, _ wanted: FleetCluster.Wanted, socket: String)
        -> String
    {
        let unit =
            #"{\"desiredState\":\"launched\",\"options\":[{\"section\":\"Service\",\"name\":\"ExecStart\","#
            + #"\"value\":\"/bin/sleep infinity\"}]}"#
        return (1...count).map { number in
            """
            url = "http://localhost/fleet/v1/units/bench-\(number).service"
            unix-socket = "\(socket)"
            output = /dev/null

            """
                + (wanted == .gone
                    ? "request = DELETE\n"
                    : "request = PUT\nheader = \"Content-Type: application/json\"\ndata = \"\(unit)\"\n")
        }.joined(separator: "next\n")
    }

    /// Requests per second, in thousandths, while nothing happens.
    private func idle(_ count: Int, _ cluster: FleetCluster, _ figures: Figures) async throws {
        Host.note("idle with \(count) units")
        try await Task.sleep(for: .seconds(3))
        let before = try await cluster.requests()
        try await Task.sleep(for: .seconds(20))
        figures.add("idle_\(count)_mhz", (try await cluster.requests() - before) * 1000 / 20)
    }

    /// Microseconds that the pages of a list take.
    private static func list(_ count: Int, _ cluster: FleetCluster) async throws -> Double {
        let tokens = ["", "?nextPageToken=ZAACAA%3D%3D", "?nextPageToken=ZAADAA%3D%3D"].prefix(
            (count + 99) / 100
        )
        let urls = tokens.flatMap { ["http://localhost/fleet/v1/units\($0)", "-o", "/dev/null"] }
        let times = try await Host.run(
            ["curl", "-sS", "-f", "-w", "%{time_total}\\n", "--unix-socket", try await cluster.socket()]
                + urls
        )
        return times.split(separator: "\n").compactMap { Double($0) }.reduce(0, +) * 1_000_000
    }

    // MARK: The loss of a node

    /// The first node holds the only etcd: it cannot be the one that is lost.
    private func losses(_ cluster: FleetCluster, _ figures: Figures) async throws {
        try await leadFromAWorker(cluster)
        for losesLeader in [true, false] {
            try await change(30, .active, cluster, figures)
            let leader = try await cluster.leader()
            let first = try await cluster.machine(of: "worker-1")
            let victim = (leader == first) == losesLeader ? "worker-1" : "worker-2"
            try await lose(victim, cluster, figures, losesLeader ? "loss_leader_ms" : "loss_other_ms")
            try await change(30, .gone, cluster, figures)
            if losesLeader { try await leadFromAWorker(cluster) }
        }
    }

    private func leadFromAWorker(_ cluster: FleetCluster) async throws {
        let central = try await cluster.machine(of: "central-1")
        try await Host.wait(
            for: "an engine to lead elsewhere",
            within: .seconds(30),
            pause: .seconds(1)
        ) {
            if let leader = try await cluster.leader(), leader != central { return true }
            try await Host.run(["kill", "-TERM", "\(try await cluster.daemon(of: "central-1"))"])
            return false
        }
    }

    private func lose(_ node: String, _ cluster: FleetCluster, _ figures: Figures, _ name: String)
        async throws
    {
        let machine = try await cluster.machine(of: node)
        let count = try await cluster.scheduledUnits(on: machine)
        guard count > 0 else { throw BenchError("no unit is on \(node)") }
        let virsh = ["virsh", "-q", "-c", "lxc:///system"]
        let domain = "\(FleetCluster.name).\(node)"
        let took = try await cluster.time(count, .active, notOn: machine, within: .seconds(60)) {
            try await Host.run(virsh + ["destroy", domain])
        }
        figures.add(name, took)
        try await Host.run(virsh + ["start", domain])
        try await cluster.waitForMachines(3)
    }

    // MARK: What is printed

    private static let launchAims = [10: 0.3, 30: 0.5, 100: 1, 300: 2.5]
    private static let originalLaunches = [10: 4.3, 30: 3.7, 100: 3.7, 300: 5.5]
    private static let originalDestructions = [10: 14.6, 30: 49, 100: 153, 300: 487]
    private static let originalRequests: [Int: Double] = [0: 17, 30: 27, 100: 50, 300: 93]
    private static let originalLists: [Int: Double] = [30: 5, 100: 24, 300: 92]

    private var rows: [Row] {
        var rows = [
            Row(title: "one unit, PUT to active", figure: "start_ms", original: 3.8, aim: .atMost(0.15)),
            Row(title: "one unit, DELETE to gone", figure: "stop_ms", original: 3.2),
        ]
        rows += writeRows
        for size in sizes {
            let aim = Self.launchAims[size].map(Row.Aim.atMost)
            let original = Self.originalLaunches[size]
            rows.append(
                Row(
                    title: "launch of \(size) units",
                    figure: "launch_\(size)_ms",
                    original: original,
                    aim: aim
                )
            )
        }
        for size in sizes {
            let original = Self.originalDestructions[size]
            rows.append(
                Row(title: "destroy of \(size) units", figure: "destroy_\(size)_ms", original: original)
            )
        }
        for name in ["start", "stop"] + sizes.flatMap({ ["launch_\($0)", "destroy_\($0)"] }) {
            rows.append(
                Row(title: "\(name): processor time", figure: "\(name)_cpu", factor: 1, unit: "ms")
            )
            rows.append(
                Row(title: "\(name): requests of etcd", figure: "\(name)_requests", factor: 1, unit: "")
            )
        }
        rows += [
            Row(
                title: "node lost, units elsewhere",
                figure: "loss_other_ms",
                original: 20.9,
                aim: .atMost(6)
            ),
            Row(
                title: "engine leader's node, in the same way",
                figure: "loss_leader_ms",
                original: 31,
                aim: .atMost(6)
            ),
        ]
        for size in [0] + sizes {
            let original = Self.originalRequests[size]
            let title = "requests of etcd, idle, \(size) units"
            rows.append(
                Row(
                    title: title,
                    figure: "idle_\(size)_mhz",
                    unit: "/s",
                    original: original,
                    aim: .atMost(2)
                )
            )
        }
        for size in sizes {
            let (original, aim) = (Self.originalLists[size], size == 300 ? Row.Aim.atMost(15) : nil)
            let title = "list of \(size) units"
            rows.append(
                Row(title: title, figure: "list_\(size)_us", unit: "ms", original: original, aim: aim)
            )
        }
        return rows + [
            Row(
                title: "memory of a fleetd",
                figure: "memory_kib",
                factor: 1 / 1024,
                unit: "MiB",
                original: 18,
                aim: .atMost(40),
            ),
            Row(
                title: "keys left in etcd",
                figure: "garbage_keys",
                factor: 1,
                unit: "",
                original: 302,
                aim: .atMost(0)
            ),
        ]
    }
}
