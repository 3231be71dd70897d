import UnitFiles

extension SchedulingPass {
    /// Tries to find a machine for every wanted unit that has none, units that others follow first.
    mutating func placeAll() {
        var found: Bool
        repeat {
            found = false
            let (order, cycles) = inOrder(unplaced)
            for unit in order where cycles[unit] == nil && peerCause(of: unit) == nil {
                place(unit)
                found = found || occupancy.place[unit] != nil
            }
            // A pattern of MachineOf may be met by a unit that was placed after the one that has it.
        } while found && hasPeerPatterns
    }

    private var hasPeerPatterns: Bool { peers.contains { $0.contains { $0.candidates.count > 1 } } }

    /// For each wanted unit that has no machine, why. Given once all is decided, so that asking again gives the same.
    func reasons() -> [Int: Unplaceable] {
        let (order, cycles) = inOrder(unplaced)
        return order.reduce(into: [:]) { reasons, unit in
            reasons[unit] = cycles[unit].map { Unplaceable(cause: .cycle($0)) } ?? reason(for: unit)
        }
    }

    private var unplaced: [Int] {
        jobs.indices.filter { unit in
            occupancy.place[unit] == nil && jobs[unit].isWanted && !jobs[unit].requirements.isGlobal
        }
    }

    private func reason(for unit: Int) -> Unplaceable {
        if machines.isEmpty { return Unplaceable(cause: .noMachines) }
        if let cause = peerCause(of: unit) { return Unplaceable(cause: cause) }
        return refusals(of: unit)
    }

    /// Returns the reason of every machine against the unit.
    ///
    /// - Parameter home: a machine to leave out.
    func refusals(of unit: Int, but home: Int? = nil) -> Unplaceable {
        let refusals = machines.indices.filter { $0 != home }.compactMap { machine in
            refusal(of: unit, on: machine, isFinal: true).map {
                Unplaceable.MachineRefusal(machine: machines[machine].id, refusal: $0)
            }
        }
        return Unplaceable(cause: .refusedEverywhere, refusals: refusals)
    }

    /// Puts the unit on the least loaded machine that takes it, if there is one.
    private mutating func place(_ unit: Int) {
        guard let machine = bestMachine(for: unit) else { return }
        occupancy.put(unit, on: machine)
        for replaced in graph.replaced[unit] where occupancy.place[replaced] == machine {
            evictReplaced(replaced, by: unit)
        }
    }

    /// Rank of a machine for a unit; less is better.
    struct Rank: Comparable {
        /// 0; 1 on a machine that is being drained.
        var resort: Int
        var unmetWishes: Int
        var load: Int
        var machine: Int

        static func < (left: Rank, right: Rank) -> Bool {
            (left.resort, left.unmetWishes, left.load, left.machine)
                < (right.resort, right.unmetWishes, right.load, right.machine)
        }
    }

    func bestMachine(for unit: Int) -> Int? {
        let leader = peers[unit].lazy.compactMap { $0.only.flatMap { self.occupancy.place[$0] } }.first
        if let leader { return rank(unit, on: leader).map { _ in leader } }
        let fitting = fits[unit].all
        let hasWishes = !jobs[unit].requirements.preferredMetadata.isEmpty || occupancy.hasWishes(unit)
        if hasWishes || jobs[unit].hasLimitsOnly || fitting.count <= SchedulingPass.fewMachines {
            return fitting.compactMap { rank(unit, on: $0) }.min()?.machine
        }
        // In the order of load the first good one is the best.
        var second: Rank?
        let first = occupancy.order.first { machine in
            guard fits[unit][machine], let rank = rank(unit, on: machine) else { return false }
            if rank.resort > 0 { second = min(second ?? rank, rank) }
            return rank.resort == 0
        }
        return first ?? second?.machine
    }

    /// So few machines are looked at one by one.
    private static let fewMachines = 16

    /// nil when the machine does not take the unit.
    func rank(_ unit: Int, on machine: Int) -> Rank? {
        guard refusal(of: unit, on: machine) == nil else { return nil }
        let requirements = jobs[unit].requirements
        let unmet =
            machines[machine].unmetPreferences(of: requirements)
            + occupancy.unwantedCompany(of: unit, on: machine)
        // Where a unit weighs something else on each machine, what counts is how it will be.
        let added = jobs[unit].hasLimitsOnly ? jobs[unit].weight(on: machines[machine]) : 0
        return Rank(
            resort: machines[machine].isDraining ? 1 : 0,
            unmetWishes: unmet,
            load: occupancy.order.load[machine] + added,
            machine: machine,
        )
    }

    /// Returns the reason why the machine does not take the unit; the first reason, in fleet's order.
    ///
    /// - Parameter isFinal: whether the unit has left the machine where it was.
    private func refusal(of unit: Int, on machine: Int, isFinal: Bool = false) -> Refusal? {
        if !fits[unit][machine] { return machines[machine].refusal(of: jobs[unit].requirements) }
        if machines[machine].isDraining, isFinal || !mayReturn || homes[unit] != machine { return .draining }
        if let peer = missingPeer(of: unit, on: machine) { return .peerNotHere(peer) }
        if occupancy.hasConflict(unit, on: machine) { return .conflict(rival(of: unit, on: machine)) }
        if let replacer = replacer(of: unit, on: machine) { return .replaced(by: jobs[replacer].name) }
        let leaving = graph.replaced[unit].filter { occupancy.place[$0] == machine }
        if leaving.isEmpty { return nil }
        return neededPeer(of: unit, among: leaving, on: machine).map { .wouldReplacePeer(jobs[$0].name) }
    }

    private func rival(of unit: Int, on machine: Int) -> String {
        let rivals = occupancy.units[machine].filter { jobs[$0].conflicts(with: jobs[unit]) }
        return rivals.min().map { jobs[$0].name } ?? ""
    }

    /// A unit among those that leave the machine without which this one could not be there, however indirectly.
    private func neededPeer(of unit: Int, among leaving: [Int], on machine: Int) -> Int? {
        var (found, open) = (Set([unit]), [unit])
        while let next = open.popLast() {
            for peer in peers[next] {
                let there = peer.candidates.filter { isOn($0, machine) }
                if !there.isEmpty, there.allSatisfy(leaving.contains) { return there.first }
                if there.count == 1, let only = there.first, found.insert(only).inserted { open.append(only) }
            }
        }
        return nil
    }

    /// Returns the cause in the units named by MachineOf that keeps this one from every machine.
    private func peerCause(of unit: Int) -> Unplaceable.Cause? {
        for peer in peers[unit] {
            if peer.candidates.isEmpty { return .peerUnknown(peer.text) }
            let wanted = peer.candidates.filter { jobs[$0].isWanted }
            if wanted.isEmpty { return .peerInactive(peer.text) }
            let isSomewhere = wanted.contains { jobs[$0].requirements.isGlobal || occupancy.place[$0] != nil }
            if !isSomewhere { return .peerUnplaced(peer.text) }
        }
        return nil
    }

    /// Units with those they follow before them; and for units that follow themselves, along which names.
    func inOrder(_ pending: [Int]) -> (order: [Int], cycles: [Int: [String]]) {
        let isPending = Set(pending)
        var (order, cycles): ([Int], [Int: [String]]) = ([], [:])
        var (seen, onPath): (Set<Int>, Set<Int>) = ([], [])
        for start in pending where seen.insert(start).inserted {
            var path = [Step(start, false, peers[start])]
            onPath = [start]
            while let step = path.last {
                guard let (peer, isOnly) = step.next else {
                    order.append(step.unit)
                    onPath.remove(step.unit)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].position += 1
                guard isPending.contains(peer) else { continue }
                if seen.insert(peer).inserted {
                    path.append(Step(peer, isOnly, peers[peer]))
                    onPath.insert(peer)
                } else if isOnly, onPath.contains(peer), let first = path.firstIndex(where: { $0.unit == peer }),
                    path[(first + 1)...].allSatisfy(\.isOnly)
                {
                    note(cycle: path[first...].map(\.unit), in: &cycles)
                }
            }
        }
        return (order, cycles)
    }

    /// A unit on the way along MachineOf.
    private struct Step {
        let unit: Int
        /// True when the unit before can follow no other.
        let isOnly: Bool
        let edges: [(Int, isOnly: Bool)]
        var position = 0

        init(_ unit: Int, _ isOnly: Bool, _ peers: [PeerIndex.Peer]) {
            self.unit = unit
            self.isOnly = isOnly
            edges = peers.flatMap { peer in peer.candidates.map { ($0, peer.only != nil) } }
        }

        var next: (Int, isOnly: Bool)? { position < edges.count ? edges[position] : nil }
    }

    private func note(cycle: [Int], in cycles: inout [Int: [String]]) {
        for (offset, unit) in cycle.enumerated() where cycles[unit] == nil {
            let turned = cycle[offset...] + cycle[..<offset] + [unit]
            cycles[unit] = turned.map { jobs[$0].name }
        }
    }
}
