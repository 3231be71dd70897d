import UnitFiles

/// The next move that makes the load more even: a unit, with those that must be where it is, from a machine with much
/// load to one that has less even afterwards. Applied again and again it comes to an end.
///
/// No wish is less met by it, and no other unit has to go anywhere. Nothing is moved in a cluster in which there is
/// something else to do.
///
/// - Returns: what leaves, then what comes; nothing when the load is as even as it can be.
package func rebalance(_ cluster: ClusterState) -> [Decision] {
    var pass = SchedulingPass(cluster)
    return pass.balance()
}

extension ClusterState {
    /// The units that have to leave a machine together with one: those that follow it, or that it follows, there.
    package func companions(of unit: String) -> Set<String> {
        SchedulingPass(self).companions(of: unit)
    }
}

extension SchedulingPass {
    mutating func balance() -> [Decision] {
        let moves = run().contains { decision in
            switch decision {
            case .schedule, .unschedule: true
            case .unplaceable, .stays: false
            }
        }
        guard !moves, machines.count > 1 else { return [] }
        let load = occupancy.order.load
        for machine in machines.indices.sorted(by: { (load[$0], $0) > (load[$1], $1) })
        where !machines[machine].isDraining {
            var seen: Set<Int> = []
            for unit in local(on: machine) where !seen.contains(unit) {
                let group = companions(of: unit, on: machine)
                seen.formUnion(group)
                if let target = betterMachine(for: group, than: machine) { return moving(group, machine, target) }
            }
        }
        return []
    }

    func companions(of name: String) -> Set<String> {
        guard let unit = jobs.firstIndex(where: { $0.name == name }) else { return [] }
        let seated = jobs.indices.filter { unit in
            initial[jobs[unit].name] == initial[name] && jobs[unit].isWanted && !jobs[unit].requirements.isGlobal
        }
        return Set(connected(unit, among: Set(seated)).map { jobs[$0].name })
    }

    private func local(on machine: Int) -> [Int] {
        occupancy.units[machine].subtracting(occupancy.globals[machine]).sorted()
    }

    private func companions(of unit: Int, on machine: Int) -> Set<Int> {
        connected(unit, among: Set(local(on: machine)))
    }

    /// The units that are tied to one by MachineOf, in either direction.
    private func connected(_ unit: Int, among units: Set<Int>) -> Set<Int> {
        var (found, open): (Set<Int>, [Int]) = ([unit], [unit])
        while let next = open.popLast() {
            let tied = peers[next].flatMap(\.candidates) + followers[next]
            for other in tied where units.contains(other) && found.insert(other).inserted {
                open.append(other)
            }
        }
        return found
    }

    /// The machine to which all of these would go, if the load is then more even. Everything is as before afterwards.
    private mutating func betterMachine(for group: Set<Int>, than machine: Int) -> Int? {
        let units = inOrder(group.sorted()).order
        let before = (load: occupancy.order.load[machine], unmet: takeCountingWishes(units, from: machine))
        defer {
            for unit in units {
                occupancy.take(unit)
                occupancy.put(unit, on: machine)
            }
        }
        var (target, unmet): (Int?, Int) = (nil, 0)
        for unit in units {
            guard let best = bestMachine(for: unit), best != machine, target ?? best == best,
                let rank = rank(unit, on: best), rank.resort == 0
            else { return nil }
            occupancy.put(unit, on: best)
            (target, unmet) = (best, unmet + rank.unmetWishes)
        }
        guard let target, occupancy.order.load[target] < before.load, unmet <= before.unmet else { return nil }
        return target
    }

    /// Takes the units, last first, so that the wishes of each are counted as they will be on the other machine.
    private mutating func takeCountingWishes(_ units: [Int], from machine: Int) -> Int {
        units.reversed().reduce(0) { unmet, unit in
            occupancy.take(unit)
            return unmet + machines[machine].unmetPreferences(of: jobs[unit].requirements)
                + occupancy.unwantedCompany(of: unit, on: machine)
        }
    }

    private func moving(_ group: Set<Int>, _ machine: Int, _ target: Int) -> [Decision] {
        let names = group.sorted().map { jobs[$0].name }
        return names.map { .unschedule(unit: $0, machine: machines[machine].id, .balancing) }
            + names.map { .schedule(unit: $0, machine: machines[target].id) }
    }
}
