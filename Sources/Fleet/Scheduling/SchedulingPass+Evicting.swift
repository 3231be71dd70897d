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
        // What runs on a machine that is being drained changes when its units have left, not before.
        for machine in machines.indices where !globals.isEmpty && (evacuated.isEmpty || !machines[machine].isDraining) {
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

    /// Lets those return to a machine that is being drained that found no other place: together, because some may hold
    /// one another there.
    mutating func returnTogether() {
        let returning = evacuated.filter { occupancy.place[$0] == nil }.sorted()
        for unit in returning { homes[unit].map { occupancy.put(unit, on: $0) } }
        var misplaced: [Int]
        repeat {
            misplaced = returning.filter { unit in
                guard let machine = occupancy.place[unit] else { return false }
                return missingPeer(of: unit, on: machine) != nil || occupancy.hasConflict(unit, on: machine)
                    || replacer(of: unit, on: machine) != nil
            }
            for unit in misplaced { occupancy.take(unit) }
        } while !misplaced.isEmpty
    }

    /// Takes the unit away, with all that must be where it is.
    mutating func evictReplaced(_ unit: Int, by replacer: Int) {
        guard let machine = occupancy.place[unit] else { return }
        evict(unit, .replaced(by: jobs[replacer].name))
        evictFollowers(of: unit, on: machine)
    }

    /// The first value of MachineOf for which no unit is on the machine.
    func missingPeer(of unit: Int, on machine: Int) -> String? {
        peers[unit].first { peer in !peer.candidates.contains { isOn($0, machine) } }?.text
    }

    func isOn(_ unit: Int, _ machine: Int) -> Bool {
        occupancy.place[unit] == machine || occupancy.globals[machine].contains(unit)
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

    /// The units and all on the machine that could not stay without them, however indirectly, nearest first.
    private func following(_ units: Set<Int>, on machine: Int) -> [Int] {
        var (found, order) = (units, units.sorted())
        var next = 0
        while next < order.count {
            for follower in followers[order[next]]
            where occupancy.place[follower] == machine && !found.contains(follower)
                && needs(follower, found, on: machine)
            {
                found.insert(follower)
                order.append(follower)
            }
            next += 1
        }
        return order
    }

    /// Returns whether the unit would miss a peer if these left the machine.
    private func needs(_ unit: Int, _ leaving: Set<Int>, on machine: Int) -> Bool {
        peers[unit].contains { peer in
            peer.candidates.contains(where: leaving.contains)
                && !peer.candidates.contains { !leaving.contains($0) && isOn($0, machine) }
        }
    }
}
