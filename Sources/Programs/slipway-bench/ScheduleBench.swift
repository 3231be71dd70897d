import ArgumentParser
import Scheduling
import UnitFiles

/// Time that the scheduler takes, in this process and without any node.
struct ScheduleBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract:
            "Schedule units on machines: all of them, after the loss of a machine, and with nothing to do.",
    )

    @Option(help: "Take the median of this many runs.")
    var runs = Runs(5)

    @Flag(help: "Print the figures as JSON.")
    var json = false

    func run() throws {
        var lines: [String] = []
        var members: [String] = []
        for (units, nodes) in [(1000, 100), (10_000, 1000), (30_000, 3000), (100_000, 10_000)] {
            let empty = ClusterState(machines: Self.machines(nodes), jobs: Self.jobs(units))
            let full = empty.applying(schedule(empty))
            var broken = full
            let lost = broken.machines.remove(at: nodes / 2)
            let moved = full.schedule.values.count { $0 == lost.id }
            let count = units >= 100_000 ? min(runs.count, 3) : runs.count
            let all = try Self.median(count, expecting: units) { schedule(empty) }
            let one = try Self.median(count, expecting: 2 * moved) { schedule(broken) }
            let still = try Self.median(count, expecting: 0) { schedule(full) }
            lines.append("\(units)\t\(nodes)\t\(all)\t\(one)\t\(still)")
            members.append(
                "{\"units\": \(units), \"machines\": \(nodes), \"full_ms\": \(all), \"machine_lost_ms\": \(one), "
                    + "\"nothing_to_do_ms\": \(still)}"
            )
        }
        guard !json else { return print("[\(members.joined(separator: ", "))]") }
        print("units\tmachines\tfull (ms)\tone machine lost (ms)\tnothing to do (ms)")
        for line in lines { print(line) }
    }

    /// Units as a busy cluster has them: instances of many templates that keep apart, some tied to a zone, some to a
    /// peer.
    private static func jobs(_ count: Int) -> [Job] {
        (0..<count).map { number in
            let (service, instance) = (number / 10, number % 10)
            var wants = FleetRequirements()
            if service % 3 == 0, service % 5 != 2 { wants.conflicts = [Glob("s\(service)@*.service")] }
            if service % 4 == 1 { wants.metadata = ["zone": ["z\(service % 5)"]] }
            if service % 5 == 2, instance > 0 { wants.machineOf = ["s\(service)@0.service"] }
            return Job(name: "s\(service)@\(instance).service", requirements: wants)
        }
    }

    private static func machines(_ count: Int) -> [Machine] {
        (0..<count).map { number in
            let digits = String(number, radix: 16)
            let id = String(repeating: "0", count: 32 - digits.count) + digits
            return Machine(id: id, metadata: ["zone": "z\(number % 5)"])
        }
    }

    /// The median of several runs, in milliseconds with one decimal.
    private static func median(_ runs: Int, expecting count: Int, _ body: () -> [Decision]) throws
        -> String
    {
        var times: [Double] = []
        for _ in 1...runs {
            var decisions: [Decision] = []
            times.append(ContinuousClock().measure { decisions = body() } / .milliseconds(1))
            guard decisions.count == count else {
                throw BenchError("\(decisions.count) decisions instead of \(count)")
            }
        }
        let tenths = Int((times.sorted()[runs / 2] * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
