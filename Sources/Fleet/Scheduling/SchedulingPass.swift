import UnitFiles

/// One decision about a whole cluster. First the units that may not stay leave; then those without a machine get one.
///
/// One pass of the scheduler. Intermediate states do not count, only where a unit was and where it ends: a unit that
/// leaves and returns does not move.
struct SchedulingPass {
    let machines: [Machine]
    let jobs: [Job]
    let graph: ReplaceGraph
    /// Units that MachineOf requires, by unit.
    let peers: [[PeerIndex.Peer]]
    /// The units that may have to be where each unit is.
    let followers: [[Int]]

    var occupancy: Occupancy
    let fits: [MachineFit.Machines]
    /// The machine of each unit that is on one that is being drained: it may return there if it has to.
    var homes: [Int: Int] = [:]
    /// True when they may do so by now.
    var mayReturn = false
    /// Units that have been taken from such machines to go elsewhere.
    var evacuated: Set<Int> = []
    /// Reason why each unit left its machine, last.
    var departures: [Int: Decision.Departure] = [:]
    /// True when a unit had to go in this round, so that others may now fit.
    var isUnsettled = false

    let initial: [String: String]
    private let numbers: [String: Int]
    private let evacuating: Set<String>?
    /// The id of the machine each unit is on to begin with.
    private var before: [Int: String] = [:]
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
        let apart = jobs.map { $0.isWanted ? $0.requirements.preferredApart : [] }
        let replaces = jobs.map { $0.isWanted && !$0.requirements.isGlobal ? $0.requirements.replaces : [] }
        graph = ReplaceGraph(PatternIndex(names: names, patterns: replaces))
        let index = PeerIndex(jobs, numbers: numbers)
        (peers, followers) = (index.peers, index.followers)
        evacuating = state.evacuating
        let machines = machines
        var fit = MachineFit(machines: machines)
        let fits = jobs.map { fit.fits($0.requirements) }
        self.fits = fits
        var load = Array(repeating: 0, count: machines.count)
        for (unit, job) in jobs.enumerated() where job.isWanted && job.requirements.isGlobal {
            for machine in fits[unit].all { load[machine] += job.weight(on: machines[machine]) }
        }
        let fixed = jobs.map { $0.hasLimitsOnly ? nil : $0.requirements.weight ?? 1 }
        occupancy = Occupancy(
            conflicts: PatternTally(PatternIndex(names: names, patterns: conflicts), machines: machines.count),
            apart: PatternTally(PatternIndex(names: names, patterns: apart), machines: machines.count),
            units: jobs.count,
            load: load,
        ) { unit, machine in
            fixed[unit] ?? jobs[unit].weight(on: machines[machine])
        }
    }

    /// Runs the pass.
    mutating func run() -> [Decision] {
        seat()
        settleGlobals()
        evictStranded()
        evictReplaced()
        evictConflicting()
        evacuate()
        settle()
        guard !homes.isEmpty else { return decisions() }
        returnTogether()
        mayReturn = true
        settle()
        return decisions()
    }

    /// Places what has no place, until no unit has to go for another.
    private mutating func settle() {
        // Each round that makes a unit leave may open a place; contradictory demands must not go on for ever.
        let rounds = 2 + min(64, graph.replaced.count { !$0.isEmpty })
        for _ in 0..<rounds {
            isUnsettled = false
            settleGlobals()
            evictStranded()
            placeAll()
            if !isUnsettled { break }
        }
    }

    /// Puts every unit where the schedule has it, if it is wanted and the machine is there and is what it asks for.
    private mutating func seat() {
        let rooms = Dictionary(uniqueKeysWithValues: machines.indices.map { (machines[$0].id, $0) })
        for (unit, job) in jobs.enumerated() {
            guard let id = initial[job.name] else { continue }
            before[unit] = id
            if let departure = departure(of: unit, from: rooms[id]) {
                departures[unit] = departure
            } else if let machine = rooms[id] {
                occupancy.put(unit, on: machine)
                if machines[machine].isDraining { homes[unit] = machine }
            }
        }
        guard before.count < initial.count else { return }
        for (name, id) in initial where numbers[name] == nil {
            strangers.append(.unschedule(unit: name, machine: id, .unitGone))
        }
    }

    /// Takes the units that may leave it from every machine that is being drained.
    private mutating func evacuate() {
        for machine in machines.indices where machines[machine].isDraining {
            for unit in occupancy.units[machine].subtracting(occupancy.globals[machine]).sorted()
            where evacuating?.contains(jobs[unit].name) ?? true {
                occupancy.take(unit)
                evacuated.insert(unit)
                departures[unit] = .refused(.draining)
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
            let before = before[unit]
            if let before, before != now {
                leaving.append(.unschedule(unit: job.name, machine: before, departures[unit] ?? .machineGone))
            }
            if let now, before != now { coming.append(.schedule(unit: job.name, machine: now)) }
            if let reason = reasons[unit] { stuck.append(.unplaceable(unit: job.name, reason)) }
            if evacuated.contains(unit), let home = homes[unit], occupancy.place[unit] == home {
                stuck.append(.stays(unit: job.name, machine: machines[home].id, refusals(of: unit, but: home)))
            }
        }
        return leaving.sorted { $0.unit < $1.unit } + coming + stuck
    }

    private static func unique<Element>(_ elements: [Element], by name: (Element) -> String) -> [Element] {
        // As a rule they are in order already.
        if zip(elements, elements.dropFirst()).allSatisfy({ name($0) < name($1) }) { return elements }
        var seen: Set<String> = []
        return elements.filter { seen.insert(name($0)).inserted }.sorted { name($0) < name($1) }
    }
}

extension Job {
    /// True when the unit is to be on a machine at all.
    package var isWanted: Bool { targetState != .inactive }
}
