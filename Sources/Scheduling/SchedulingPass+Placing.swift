import UnitFiles

extension SchedulingPass {
    /// Tries to find a machine for every wanted unit that has none, units that others follow first.
    mutating func placeAll() {
        let (order, cycles) = inOrder(unplaced)
        for unit in order where cycles[unit] == nil && peerCause(of: unit) == nil { place(unit) }
    }

    /// For each wanted unit that has no machine, why. Told once all is decided, so that asking again gives the same.
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
        let refusals = machines.indices.compactMap { machine in
            refusal(of: unit, on: machine).map {
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

    /// The least loaded machine; one on which another unit would have to go only when there is no other.
    private func bestMachine(for unit: Int) -> Int? {
        var second: Int?
        let leader = peers[unit].lazy.compactMap { $0.flatMap { self.occupancy.place[$0] } }.first
        for machine in leader.map({ [$0] }) ?? occupancy.order where fits[unit][machine] {
            guard refusal(of: unit, on: machine) == nil else { continue }
            if !graph.replaced[unit].contains(where: { occupancy.place[$0] == machine }) { return machine }
            second = second ?? machine
        }
        return second
    }

    /// Why the machine does not take the unit; the first reason, in fleet's order.
    private func refusal(of unit: Int, on machine: Int) -> Refusal? {
        if !fits[unit][machine] { return machines[machine].refusal(of: jobs[unit].requirements) }
        if let peer = missingPeer(of: unit, on: machine) { return .peerNotHere(peer) }
        if occupancy.hasConflict(unit, on: machine) { return .conflict(rival(of: unit, on: machine)) }
        if let replacer = replacer(of: unit, on: machine) { return .replaced(by: jobs[replacer].name) }
        let leaving = graph.replaced[unit].filter { occupancy.place[$0] == machine }
        if leaving.isEmpty { return nil }
        let needed = leaders(of: unit)
        return leaving.first { needed.contains($0) }.map { .wouldReplacePeer(jobs[$0].name) }
    }

    private func rival(of unit: Int, on machine: Int) -> String {
        let rivals = occupancy.units[machine].filter { jobs[$0].conflicts(with: jobs[unit]) }
        return rivals.min().map { jobs[$0].name } ?? ""
    }

    /// Every unit that must be where this one is, however indirectly.
    private func leaders(of unit: Int) -> Set<Int> {
        var (found, open) = (Set<Int>(), [unit])
        while let next = open.popLast() {
            for case .some(let peer) in peers[next] where found.insert(peer).inserted { open.append(peer) }
        }
        return found
    }

    /// What about the units MachineOf names keeps this one from every machine.
    private func peerCause(of unit: Int) -> Unplaceable.Cause? {
        for (index, peer) in peers[unit].enumerated() {
            let name = jobs[unit].requirements.machineOf[index]
            guard let peer else { return .peerUnknown(name) }
            if !jobs[peer].isWanted { return .peerInactive(name) }
            if jobs[peer].requirements.isGlobal { continue }
            if occupancy.place[peer] == nil { return .peerUnplaced(name) }
        }
        return nil
    }

    /// Units with those they follow before them; and for units that follow themselves, along which names.
    private func inOrder(_ pending: [Int]) -> (order: [Int], cycles: [Int: [String]]) {
        let isPending = Set(pending)
        var (order, cycles): ([Int], [Int: [String]]) = ([], [:])
        var (seen, onPath): (Set<Int>, Set<Int>) = ([], [])
        for start in pending where seen.insert(start).inserted {
            var path = [(unit: start, next: 0)]
            onPath = [start]
            while let (unit, next) = path.last {
                guard next < peers[unit].count else {
                    order.append(unit)
                    onPath.remove(unit)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                guard let peer = peers[unit][next], isPending.contains(peer) else { continue }
                if seen.insert(peer).inserted {
                    path.append((peer, 0))
                    onPath.insert(peer)
                } else if onPath.contains(peer), let first = path.firstIndex(where: { $0.unit == peer }) {
                    note(cycle: path[first...].map(\.unit), in: &cycles)
                }
            }
        }
        return (order, cycles)
    }

    private func note(cycle: [Int], in cycles: inout [Int: [String]]) {
        for (offset, unit) in cycle.enumerated() where cycles[unit] == nil {
            let turned = cycle[offset...] + cycle[..<offset] + [unit]
            cycles[unit] = turned.map { jobs[$0].name }
        }
    }
}
