import Basics
import Scheduling
import UnitFiles

extension Job {
    /// A job from the lines of its `[X-Fleet]` section.
    static func unit(_ name: String, _ lines: String = "", _ state: TargetState = .launched) throws -> Job {
        try Job(name: UnitName(name), unit: UnitFile(parsing: "[X-Fleet]\n" + lines), targetState: state)
    }
}

extension ClusterState {
    /// A small cluster in which everything that can go wrong does.
    ///
    /// - Parameter modern: whether with what the original did not have: weights, soft rules, patterns, draining.
    static func random(seed: UInt64, replacing: Bool, modern: Bool = false) -> ClusterState {
        var generator = SeededGenerator(seed: seed)
        let machines = ["m1", "m2", "m3", "m4"].prefix(.random(in: 0...4, using: &generator)).map { id in
            var machine = Machine(id: id, metadata: ["zone": Bool.random(using: &generator) ? "a" : "b"])
            guard modern else { return machine }
            machine.isDraining = Int.random(in: 0..<4, using: &generator) == 0
            if Bool.random(using: &generator) {
                machine.resources = .init(memory: .random(in: 1...4, using: &generator) << 30, cpus: 2)
            }
            return machine
        }
        var jobs = names.prefix(.random(in: 1...7, using: &generator)).map {
            job($0, replacing: replacing, using: &generator)
        }
        if modern { for index in jobs.indices { modernize(&jobs[index], using: &generator) } }
        var schedule: [String: String] = [:]
        for name in jobs.map(\.name) + ["gone.service"] where Int.random(in: 0..<3, using: &generator) > 0 {
            schedule[name] = ["m1", "m1", "m2", "m3", "m4"].randomElement(using: &generator)
        }
        return ClusterState(machines: machines.shuffled(using: &generator), jobs: jobs, schedule: schedule)
    }

    private static func modernize(_ job: inout Job, using generator: inout SeededGenerator) {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
        if chance(20) { job.requirements.weight = .random(in: 0...5, using: &generator) }
        if chance(20) { job.requirements.limits.memory = .bytes(.random(in: 1...2048, using: &generator) << 20) }
        if chance(25) { job.requirements.preferredMetadata = ["zone": [chance(50) ? "a" : "b"]] }
        if chance(25) { job.requirements.preferredApart = [Glob(chance(50) ? "b@*.service" : "[acd]*")] }
        guard !job.requirements.isGlobal, chance(15) else { return }
        job.requirements.machineOf = [chance(50) ? "b@*.service" : "[ade].service"]
    }

    private static let names = [
        "a.service", "b@1.service", "b@2.service", "c.service", "d.service", "e.service", "f.service",
    ]

    private static func job(_ name: String, replacing: Bool, using generator: inout SeededGenerator) -> Job {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
        func some(_ candidates: [String]) -> String { candidates.randomElement(using: &generator) ?? "" }
        var wants = FleetRequirements()
        let peers = names + ["unknown.service"]
        if chance(10) { wants.isGlobal = true }
        if chance(25) { wants.metadata = ["zone": [some(["a", "b"])]] }
        if chance(5) { wants.machineID = some(["m1", "m2"]) }
        if !wants.isGlobal, chance(30) { wants.machineOf = [some(peers)] }
        if !wants.isGlobal, chance(8) { wants.machineOf.append(some(peers)) }
        if chance(25) { wants.conflicts = [Glob(some(["b@*.service", "a.service", "[cd]*", "*", "e.service"]))] }
        if replacing, !wants.isGlobal, chance(30) { wants.replaces = [Glob(some(names + ["b@*.service", "[ad]*"]))] }
        let state: TargetState = chance(15) ? .inactive : chance(20) ? .loaded : .launched
        return Job(name: name, requirements: wants, targetState: state)
    }
}
