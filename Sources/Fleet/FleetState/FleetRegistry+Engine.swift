import Etcd

extension FleetRegistry {
    /// Becomes the leading engine if there is none, or if it is this machine already.
    ///
    /// - Returns: the leadership, or `nil` when another machine leads.
    package func campaign(_ session: MachineSession) async throws(RegistryError) -> EngineLeader? {
        let key = keyspace.engine
        let take = Operation.put(key, session.machineID, lease: session.lease)
        let read = Operation.range(RangeRequest(.key(key)))
        let fence = Comparison(keyspace.machine(session.machineID), .equal, .createRevision(session.createRevision))
        var response = try await write(
            "become the leading engine",
            Transaction(if: [fence, .missing(key)], then: [take, read], else: [read])
        )
        if !response.succeeded, let held = response.ranges.first?.keyValues.first, held.text == session.machineID {
            // Left by this machine's fleetd before it was restarted; its lease may be the old one.
            guard held.lease != session.lease else { return EngineLeader(held) }
            response = try await write(
                "stay the leading engine",
                Transaction(if: [fence, .unchanged(held)], then: [take, read])
            )
        }
        guard response.succeeded, let mine = response.ranges.first?.keyValues.first else { return nil }
        return EngineLeader(mine)
    }

    /// Gives the leadership up, so that another engine takes it at once.
    package func resign(_ leader: EngineLeader) async throws(RegistryError) {
        let transaction = Transaction(if: [fence(leader)], then: [.delete(keyspace.engine)])
        _ = try await write("give up the engine's leadership", transaction)
    }

    /// Carries out what the engine decided upon `snapshot`.
    ///
    /// Nothing is done to a unit that has changed since, or that a machine has gone from: the caller sees
    /// the change and decides anew.
    ///
    /// - Returns: the units to which nothing was done, and etcd's revision after it.
    /// - Throws: `changedMeanwhile` when the leadership has ended.
    package func apply(
        _ placements: [Placement],
        _ snapshot: FleetSnapshot,
        _ leader: EngineLeader,
    ) async throws(RegistryError) -> (skipped: [String], revision: Int64) {
        var skipped: [String] = []
        var revision = snapshot.revision
        var rest = placements[...]
        // One condition fences, and a move has at most five of its own.
        let size = (Transaction.maximumOperations - 1) / 5
        while !rest.isEmpty {
            let part = Array(rest.prefix(size))
            rest = rest.dropFirst(part.count)
            if let after = try await applyTogether(part, snapshot, leader) {
                revision = after
                continue
            }
            guard try await isLeading(leader) else {
                throw RegistryError(.changedMeanwhile, "another engine leads now")
            }
            for placement in part {
                let after = try await applyTogether([placement], snapshot, leader)
                if after == nil { skipped.append(placement.unit) }
                revision = after ?? revision
            }
        }
        return (skipped, revision)
    }

    private func applyTogether(
        _ placements: [Placement],
        _ snapshot: FleetSnapshot,
        _ leader: EngineLeader,
    ) async throws(RegistryError) -> Int64? {
        var conditions = [fence(leader)]
        var operations: [Operation] = []
        for placement in placements {
            conditions += self.conditions(placement, snapshot)
            operations += self.operations(placement)
        }
        let response = try await write("place units", Transaction(if: conditions, then: operations))
        return response.succeeded ? response.revision : nil
    }

    private func conditions(_ placement: Placement, _ snapshot: FleetSnapshot) -> [Comparison] {
        let unit = placement.unit
        let unchanged = [
            Comparison.unchanged(keyspace.unit(unit), since: snapshot.units[unit]?.revision ?? 0),
            .unchanged(keyspace.desired(unit), since: snapshot.desired[unit]?.revision ?? 0),
            .unchanged(keyspace.schedule(unit), since: snapshot.schedule[unit]?.revision ?? 0),
        ]
        switch placement.action {
        case .place(let machine): return unchanged + [present(machine, snapshot)]
        case .move(let machine): return unchanged + [present(machine, snapshot)] + stillGone(unit, snapshot)
        case .remove: return unchanged + stillGone(unit, snapshot)
        case .explain: return unchanged
        }
    }

    /// A machine that went away must not have come back.
    private func stillGone(_ unit: String, _ snapshot: FleetSnapshot) -> [Comparison] {
        guard let from = snapshot.machine(of: unit), snapshot.machines[from] == nil else { return [] }
        return [.missing(keyspace.machine(from))]
    }

    private func operations(_ placement: Placement) -> [Operation] {
        let (schedule, reason) = (keyspace.schedule(placement.unit), keyspace.reason(placement.unit))
        return switch placement.action {
        case .place(let machine), .move(let machine): [.put(schedule, machine), .delete(reason)]
        case .remove: [.delete(schedule)]
        case .explain(let text?): [.put(reason, text)]
        case .explain(nil): [.delete(reason)]
        }
    }

    private func present(_ machine: String, _ snapshot: FleetSnapshot) -> Comparison {
        let createRevision = snapshot.machines[machine]?.createRevision ?? -1
        return Comparison(keyspace.machine(machine), .equal, .createRevision(createRevision))
    }

    private func isLeading(_ leader: EngineLeader) async throws(RegistryError) -> Bool {
        try await write("ask who leads", Transaction(if: [fence(leader)], then: [])).succeeded
    }

    func fence(_ leader: EngineLeader) -> Comparison {
        Comparison(keyspace.engine, .equal, .createRevision(leader.createRevision))
    }
}
