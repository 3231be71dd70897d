import UnitFiles

/// One decision about a whole cluster. First the units that may not stay leave; then those without a machine get one.
///
/// What the cluster looks like in between is never told: only where a unit was and where it ends counts, so that a
/// unit that leaves and returns does not move.
struct SchedulingPass {
    let machines: [Machine]
    let jobs: [Job]
    let graph: ReplaceGraph
    /// Active units that MachineOf requires of each unit; nil stands for one that is not known.
    let peers: [[Int?]]
    /// The units that require each unit by MachineOf.
    let followers: [[Int]]

    var occupancy: Occupancy
    var fits: [[Bool]]
    /// Why each unit left its machine, last.
    var departures: [Int: Decision.Departure] = [:]
    /// Whether a unit had to go in this round, so that others may now fit.
    var isUnsettled = false

    private let initial: [String: String]
    private let numbers: [String: Int]
    private var strangers: [Decision] = []

    init(_ state: ClusterState) {
        machines = SchedulingPass.unique(state.machines, by: \.id)
        jobs = SchedulingPass.unique(state.jobs, by: \.name)
        initial = state.schedule
        let jobs = jobs
        let numbers = Dictionary(uniqueKeysWithValues: jobs.indices.map { (jobs[$0].name, $0) })
        self.numbers = numbers
        let names = jobs.map(\.name)
        // What is not to run keeps nobody away.
        let conflicts = jobs.map { $0.isWanted ? $0.requirements.conflicts : [] }
        let replaces = jobs.map { $0.isWanted && !$0.requirements.isGlobal ? $0.requirements.replaces : [] }
        graph = ReplaceGraph(PatternIndex(names: names, patterns: replaces))
        peers = jobs.map { job in job.requirements.machineOf.map { numbers[$0] } }
        followers = SchedulingPass.inverted(peers)
        var fit = MachineFit(machines: machines)
        let fits = jobs.map { fit.fits($0.requirements) }
        self.fits = fits
        var load = Array(repeating: 0, count: machines.count)
        for (unit, job) in jobs.enumerated() where job.isWanted && job.requirements.isGlobal {
            for machine in load.indices where fits[unit][machine] { load[machine] += 1 }
        }
        occupancy = Occupancy(patterns: PatternIndex(names: names, patterns: conflicts), load: load)
    }

    /// Runs the pass.
    mutating func run() -> [Decision] {
        seat()
        settleGlobals()
        evictStranded()
        evictReplaced()
        evictConflicting()
        // Each round that makes a unit leave may open a place; contradictory demands must not go on for ever.
        let rounds = 2 + min(64, graph.replaced.count { !$0.isEmpty })
        for _ in 0..<rounds {
            isUnsettled = false
            settleGlobals()
            evictStranded()
            placeAll()
            if !isUnsettled { break }
        }
        return decisions()
    }

    /// Puts every unit where the schedule has it, if it is wanted and the machine is there and is what it asks for.
    private mutating func seat() {
        let rooms = Dictionary(uniqueKeysWithValues: machines.indices.map { (machines[$0].id, $0) })
        for (name, id) in initial.sorted(by: { $0.key < $1.key }) {
            guard let unit = numbers[name] else {
                strangers.append(.unschedule(unit: name, machine: id, .unitGone))
                continue
            }
            if let departure = departure(of: unit, from: rooms[id]) {
                departures[unit] = departure
            } else if let machine = rooms[id] {
                occupancy.put(unit, on: machine)
            }
        }
    }

    private func departure(of unit: Int, from machine: Int?) -> Decision.Departure? {
        if jobs[unit].requirements.isGlobal { return .unitGlobal }
        if !jobs[unit].isWanted { return .unitInactive }
        guard let machine else { return .machineGone }
        return machines[machine].refusal(of: jobs[unit].requirements).map { .refused($0) }
    }

    private func decisions() -> [Decision] {
        var (leaving, coming, stuck) = (strangers, [Decision](), [Decision]())
        let reasons = reasons()
        for (unit, job) in jobs.enumerated() {
            let now = occupancy.place[unit].map { machines[$0].id }
            let before = initial[job.name]
            if let before, before != now {
                leaving.append(.unschedule(unit: job.name, machine: before, departures[unit] ?? .machineGone))
            }
            if let now, before != now { coming.append(.schedule(unit: job.name, machine: now)) }
            if let reason = reasons[unit] { stuck.append(.unplaceable(unit: job.name, reason)) }
        }
        return leaving.sorted { $0.unit < $1.unit } + coming + stuck
    }

    private static func unique<Element>(_ elements: [Element], by name: (Element) -> String) -> [Element] {
        var seen: Set<String> = []
        return elements.filter { seen.insert(name($0)).inserted }.sorted { name($0) < name($1) }
    }

    private static func inverted(_ peers: [[Int?]]) -> [[Int]] {
        var followers: [[Int]] = Array(repeating: [], count: peers.count)
        for (unit, others) in peers.enumerated() {
            for case .some(let other) in others { followers[other].append(unit) }
        }
        return followers
    }
}

extension Job {
    /// Whether the unit is to be on a machine at all.
    package var isWanted: Bool { targetState != .inactive }
}
