import UnitFiles

/// What each machine says to one unit, whatever else there is to be placed.
extension ClusterState {
    /// The units on a machine, the global ones among them.
    package func jobs(on machine: Machine) -> [Job] {
        jobs.filter { schedule[$0.name] == machine.id } + globalUnits(for: machine)
    }

    /// Reason why a machine does not take a unit; nil when it would.
    ///
    /// - Parameter there: the units on the machine.
    package func refusal(of job: Job, by machine: Machine, _ there: [Job]) -> Refusal? {
        if let refusal = machine.refusal(of: job.requirements) { return refusal }
        if machine.isDraining, !job.requirements.isGlobal { return .draining }
        let others = there.filter { $0.name != job.name }
        let missing = job.requirements.machineOf.first { peer in
            let glob = FleetRequirements.isPattern(peer) ? Glob(peer) : nil
            return !others.contains { glob?.matches($0.name) ?? ($0.name == peer) }
        }
        if let missing { return .peerNotHere(missing) }
        if let conflict = others.first(where: { $0.conflicts(with: job) }) { return .conflict(conflict.name) }
        let replacer = others.first { $0.replaces(job) && !job.replaces($0) }
        return replacer.map { .replaced(by: $0.name) }
    }
}

extension Job {
    fileprivate func replaces(_ other: Job) -> Bool { requirements.replaces.contains { $0.matches(other.name) } }
}
