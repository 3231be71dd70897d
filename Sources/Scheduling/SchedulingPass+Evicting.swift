import UnitFiles

extension SchedulingPass {
    /// Of units on one machine that conflict with one another, takes away as few as will do, with those that follow
    /// them.
    mutating func evictConflicting() {
        for machine in machines.indices {
            let contested = occupancy.units[machine].filter { occupancy.hasConflict($0, on: machine) }.sorted()
            guard !contested.isEmpty else { continue }
            let pairs = contested.enumerated().flatMap { offset, left in
                contested[(offset + 1)...].filter { jobs[left].conflicts(with: jobs[$0]) }.map { (left, $0) }
            }
            for unit in cover(of: pairs, on: machine).sorted() {
                let rival = pairs.first { $0.0 == unit || $0.1 == unit }.map { $0.0 == unit ? $0.1 : $0.0 } ?? unit
                evict(unit, .conflict(jobs[rival].name))
                evictFollowers(of: unit, on: machine)
            }
        }
    }

    private func cover(of pairs: [(Int, Int)], on machine: Int) -> Set<Int> {
        ConflictCover { following($0, on: machine).count }.units(covering: pairs)
    }

    /// Finds out which global units run on each machine: those that fit it and conflict with nothing there.
    mutating func settleGlobals() {
        let globals = jobs.indices.filter { jobs[$0].isWanted && jobs[$0].requirements.isGlobal }
        for machine in machines.indices where !globals.isEmpty {
            occupancy.takeGlobals(from: machine)
            for unit in globals where fits[unit][machine] && !occupancy.hasConflict(unit, on: machine) {
                occupancy.putGlobal(unit, on: machine)
            }
        }
    }

    /// Takes away units whose MachineOf is no longer where they are, and those that follow these.
    mutating func evictStranded() {
        for unit in jobs.indices {
            guard let machine = occupancy.place[unit], let peer = missingPeer(of: unit, on: machine) else { continue }
            evict(unit, .peerNotHere(peer))
            evictFollowers(of: unit, on: machine)
        }
    }

    /// Takes away units that share a machine with one that replaces them.
    mutating func evictReplaced() {
        for unit in graph.fromTheTop {
            guard let machine = occupancy.place[unit], let replacer = replacer(of: unit, on: machine) else { continue }
            evict(unit, .replaced(by: jobs[replacer].name))
            evictFollowers(of: unit, on: machine)
        }
    }

    /// Takes the unit away, with all that must be where it is.
    mutating func evictReplaced(_ unit: Int, by replacer: Int) {
        guard let machine = occupancy.place[unit] else { return }
        evict(unit, .replaced(by: jobs[replacer].name))
        evictFollowers(of: unit, on: machine)
    }

    /// The first unit MachineOf requires that is not on the machine.
    func missingPeer(of unit: Int, on machine: Int) -> String? {
        for (index, peer) in peers[unit].enumerated() {
            guard let peer, occupancy.place[peer] == machine || occupancy.globals[machine].contains(peer) else {
                return jobs[unit].requirements.machineOf[index]
            }
        }
        return nil
    }

    func replacer(of unit: Int, on machine: Int) -> Int? {
        graph.replacers[unit].first { occupancy.place[$0] == machine }
    }

    private mutating func evict(_ unit: Int, _ refusal: Refusal) {
        occupancy.take(unit)
        departures[unit] = .refused(refusal)
        isUnsettled = true
    }

    private mutating func evictFollowers(of unit: Int, on machine: Int) {
        for follower in following([unit], on: machine) where follower != unit {
            evict(follower, .peerNotHere(missingPeer(of: follower, on: machine) ?? jobs[unit].name))
        }
    }

    /// The units and all on the machine that must be where they are, however indirectly, nearest first.
    private func following(_ units: Set<Int>, on machine: Int) -> [Int] {
        var (found, order) = (units, units.sorted())
        var next = 0
        while next < order.count {
            for follower in followers[order[next]]
            where occupancy.place[follower] == machine && found.insert(follower).inserted {
                order.append(follower)
            }
            next += 1
        }
        return order
    }
}
