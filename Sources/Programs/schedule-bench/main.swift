import Scheduling
import UnitFiles

// How long the scheduler takes, in this process and without any node: `Scripts/bench schedule`.
//
//     schedule-bench [--runs N] [--json]

/// Units as a busy cluster has them: instances of many templates that keep apart, some tied to a zone, some to a peer.
func jobs(_ count: Int) -> [Job] {
    (0..<count).map { number in
        let (service, instance) = (number / 10, number % 10)
        var wants = FleetRequirements()
        if service % 3 == 0, service % 5 != 2 { wants.conflicts = [Glob("s\(service)@*.service")] }
        if service % 4 == 1 { wants.metadata = ["zone": ["z\(service % 5)"]] }
        if service % 5 == 2, instance > 0 { wants.machineOf = ["s\(service)@0.service"] }
        return Job(name: "s\(service)@\(instance).service", requirements: wants)
    }
}

func machines(_ count: Int) -> [Machine] {
    (0..<count).map { number in
        let digits = String(number, radix: 16)
        let id = String(repeating: "0", count: 32 - digits.count) + digits
        return Machine(id: id, metadata: ["zone": "z\(number % 5)"])
    }
}

func milliseconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) * 1000 + Double(attoseconds) / 1e15
}

func rounded(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}

/// The median of several runs, in milliseconds.
func median(_ runs: Int, _ body: () -> [Decision], expecting count: Int) -> Double {
    let clock = ContinuousClock()
    let times = (0..<runs).map { _ in
        var decisions: [Decision] = []
        let time = clock.measure { decisions = body() }
        precondition(decisions.count == count, "\(decisions.count) decisions instead of \(count)")
        return milliseconds(time)
    }
    return times.sorted()[runs / 2]
}

let arguments = CommandLine.arguments
let runs = max(1, arguments.firstIndex(of: "--runs").flatMap { Int(arguments.dropFirst($0 + 1).first ?? "") } ?? 5)
var lines: [String] = []
var members: [String] = []

for (units, nodes) in [(1000, 100), (10_000, 1000), (30_000, 3000), (100_000, 10_000)] {
    let empty = ClusterState(machines: machines(nodes), jobs: jobs(units))
    let full = empty.applying(schedule(empty))
    var broken = full
    let lost = broken.machines.remove(at: nodes / 2)
    let moved = full.schedule.values.count { $0 == lost.id }
    let count = units >= 100_000 ? min(runs, 3) : runs
    let all = median(count, { schedule(empty) }, expecting: units)
    let one = median(count, { schedule(broken) }, expecting: 2 * moved)
    let still = median(count, { schedule(full) }, expecting: 0)
    lines.append("\(units)\t\(nodes)\t\(rounded(all))\t\(rounded(one))\t\(rounded(still))")
    members.append(
        "{\"units\": \(units), \"machines\": \(nodes), \"full_ms\": \(rounded(all)), \"machine_lost_ms\": \(rounded(one)), "
            + "\"nothing_to_do_ms\": \(rounded(still))}"
    )
}
if arguments.contains("--json") {
    print("[\(members.joined(separator: ", "))]")
} else {
    print("units\tmachines\tfull (ms)\tone machine lost (ms)\tnothing to do (ms)")
    for line in lines { print(line) }
}
