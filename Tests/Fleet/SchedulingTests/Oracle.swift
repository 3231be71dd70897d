import Scheduling
import UnitFiles

/// The rules of scheduling, word for word and slow: no index, no number, only names.
struct Oracle {
    let cluster: ClusterState
    let jobs: [String: Job]
    let machines: [String: Machine]

    init(_ cluster: ClusterState) {
        self.cluster = cluster
        jobs = Dictionary(uniqueKeysWithValues: cluster.jobs.map { ($0.name, $0) })
        machines = Dictionary(uniqueKeysWithValues: cluster.machines.map { ($0.id, $0) })
    }

    /// Units that must be placed by the engine, by name.
    var wanted: [String] {
        jobs.values.filter { $0.targetState != .inactive && !$0.requirements.isGlobal }.map(\.name).sorted()
    }

    func globals(on machine: String, _ place: [String: String]) -> [String] {
        guard let machine = machines[machine] else { return [] }
        return ClusterState(machines: cluster.machines, jobs: cluster.jobs, schedule: place)
            .globalUnits(for: machine).map(\.name)
    }

    /// Whether the unit may be on the machine, with everything else where `place` has it.
    ///
    /// - Parameter before: the places from which to tell which global units run, if not `place`.
    func allows(_ name: String, on id: String, _ place: [String: String], before: [String: String]? = nil) -> Bool {
        guard let job = jobs[name], let machine = machines[id], machine.fits(job.requirements) else { return false }
        if machine.isDraining, cluster.schedule[name] != id { return false }
        let others = place.filter { $0.key != name && $0.value == id }.map(\.key)
        let globals = globals(on: id, before ?? place)
        let there = place.filter { $0.value == id }.map(\.key) + globals
        let peersAreThere = job.requirements.machineOf.allSatisfy { peer in
            there.contains { peers(peer, of: name).contains($0) }
        }
        let rivals = (others + globals).compactMap { jobs[$0] }.filter { job.conflicts(with: $0) }
        let replacers = others.filter { replaces($0, name) }
        let replaced = others.filter { replaces(name, $0) }
        return peersAreThere && rivals.isEmpty && replacers.isEmpty && replaced.isEmpty
    }

    /// The units one value of MachineOf may mean.
    func peers(_ value: String, of name: String) -> [String] {
        guard value.contains(where: { "*?[".contains($0) }) else { return [value] }
        return jobs.keys.filter { $0 != name && Glob(value).matches($0) }.sorted()
    }

    func replaces(_ name: String, _ other: String) -> Bool {
        direct(name, other) && !reaches(other, name)
    }

    private func direct(_ name: String, _ other: String) -> Bool {
        guard name != other, wanted.contains(name), let job = jobs[name] else { return false }
        return job.requirements.replaces.contains { $0.matches(other) }
    }

    private func reaches(_ start: String, _ goal: String) -> Bool {
        var found: Set<String> = [start]
        for _ in jobs {
            for name in jobs.keys where found.contains(where: { direct($0, name) }) { found.insert(name) }
        }
        return found.contains(goal)
    }

    /// Where the wanted units go when `kept` stay: those whose peers have places first, by name, each to the least
    /// loaded machine.
    func place(keeping kept: [String: String]) -> [String: String] {
        var place = kept
        var tried: Set<String> = []
        func visit(_ name: String) {
            guard wanted.contains(name), place[name] == nil, tried.insert(name).inserted else { return }
            jobs[name]?.requirements.machineOf.flatMap { peers($0, of: name) }.forEach(visit)
            place[name] = machines.keys.filter { allows(name, on: $0, place) }.min { left, right in
                rank(name, on: left, place).lexicographicallyPrecedes(rank(name, on: right, place))
                    || (rank(name, on: left, place) == rank(name, on: right, place) && left < right)
            }
        }
        // Again, as long as it helps: a pattern may be met by a unit that comes later.
        var before = [String: String]()
        repeat {
            before = place
            tried = []
            wanted.forEach(visit)
        } while before != place
        return place
    }

    /// First a machine that is not being drained, then few wishes unmet, then little load.
    private func rank(_ name: String, on id: String, _ place: [String: String]) -> [Int] {
        guard let job = jobs[name], let machine = machines[id] else { return [] }
        let wants = job.requirements
        let unmet = wants.preferredMetadata.count { key, values in !values.contains(machine.metadata[key] ?? "") }
        let others = (place.filter { $0.key != name && $0.value == id }.map(\.key) + globals(on: id, place))
            .compactMap { jobs[$0] }
        let company = others.reduce(0) { count, other in
            count + Set(wants.preferredApart).count { $0.matches(other.name) }
                + Set(other.requirements.preferredApart).count { $0.matches(name) }
        }
        let isByLimits = wants.weight == nil && wants.limits != UnitLimits()
        let added = isByLimits ? weight(job, machine) : 0
        return [machine.isDraining ? 1 : 0, unmet + company, load(id, place) + added]
    }

    /// `Weight=`, or the tenths of memory or CPUs the unit may use, whichever is more, at least 1.
    private func weight(_ job: Job, _ machine: Machine) -> Int {
        if let weight = job.requirements.weight { return weight }
        guard let has = machine.resources, case .bytes(let bytes)? = job.requirements.limits.memory else { return 1 }
        return max(1, Int((bytes * 10 + has.memory - 1) / has.memory))
    }

    private func load(_ id: String, _ place: [String: String]) -> Int {
        guard let machine = machines[id] else { return 0 }
        let globals = jobs.values.filter { job in
            job.requirements.isGlobal && job.targetState != .inactive && machine.fits(job.requirements)
        }
        let local = place.filter { $0.value == id }.compactMap { jobs[$0.key] }
        return (local + globals).reduce(0) { $0 + weight($1, machine) }
    }

    /// The scheduled units that are wanted on a machine that is there and is not being drained.
    var seated: [String: String] {
        cluster.schedule.filter { wanted.contains($0.key) && machines[$0.value]?.isDraining == false }
    }

    /// Whether all of these may stay together.
    func isSound(_ place: [String: String], before: [String: String]? = nil) -> Bool {
        place.allSatisfy { allows($0.key, on: $0.value, place, before: before) }
    }

    /// The greatest number of seated units that may stay together, by trying every choice. None stays or goes for the
    /// sake of a global unit.
    var mostThatMayStay: Int {
        let all = seated.sorted { $0.key < $1.key }
        let choices = (0..<(1 << all.count)).filter { choice in
            let stay = all.indices.filter { choice >> $0 & 1 == 1 }.map { (all[$0].key, all[$0].value) }
            return isSound(Dictionary(uniqueKeysWithValues: stay), before: seated)
        }
        return choices.map(\.nonzeroBitCount).max() ?? 0
    }
}

extension Machine {
    fileprivate func fits(_ wants: FleetRequirements) -> Bool {
        wants.machineID.map { $0 == id || $0 == id.prefix(8) } != false
            && wants.metadata.allSatisfy { key, values in values.contains(metadata[key] ?? "") }
    }
}
