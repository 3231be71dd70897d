import Etcd

extension FleetRegistry {
    /// Lets a machine take no new units, and its own leave it; or ends that.
    @discardableResult
    package func setDraining(_ isDraining: Bool, _ machine: String) async throws(RegistryError) -> Int64 {
        let key = keyspace.drain(machine)
        let operation = isDraining ? Operation.put(key, "") : .delete(key)
        let what = isDraining ? "drain machine \(machine)" : "end the draining of machine \(machine)"
        return try await write(what, Transaction(then: [operation])).revision
    }

    /// Lets machines take no new units, and their own leave them, for a time. Those that are drained already stay so
    /// after it.
    ///
    /// - Throws: `changedMeanwhile` when somebody else drains one of them just now.
    package func drain(_ machines: Set<String>, forSeconds seconds: Int64) async throws(RegistryError) {
        let held = try await etcdCall("read which machines are drained") { () async throws(EtcdError) in
            try await etcd.range(RangeRequest(.prefix(keyspace.drain("")))).keyValues
        }
        let marks = Dictionary(held.map { ($0.key, $0) }) { $1 }
        let keys = Set(machines.map(keyspace.drain)).filter { marks[$0].map { $0.lease != nil } ?? true }.sorted()
        guard !keys.isEmpty else { return }
        let lease = try await etcdCall("get a lease for draining machines") { () async throws(EtcdError) in
            try await etcd.grantLease(ttl: seconds)
        }
        var rest = keys[...]
        while !rest.isEmpty {
            let some = rest.prefix(Transaction.maximumOperations)
            rest = rest.dropFirst(some.count)
            let transaction = Transaction(
                if: some.map { key in marks[key].map(Comparison.unchanged) ?? .missing(key) },
                then: some.map { .put($0, "", lease: lease.id) }
            )
            guard try await write("drain \(some.count) machines", transaction).succeeded else {
                throw RegistryError(.changedMeanwhile, "somebody else drains one of the machines")
            }
        }
    }

    /// Sets whether and when the engine spreads units again.
    @discardableResult
    package func setRebalance(_ mode: RebalanceMode) async throws(RegistryError) -> Int64 {
        let operation = mode == .off ? Operation.delete(keyspace.rebalance) : .put(keyspace.rebalance, mode.rawValue)
        return try await write("set how units are rebalanced", Transaction(then: [operation])).revision
    }

    /// Ends a rebalancing that was asked for once.
    ///
    /// - Returns: etcd's revision after it; nil when the mode, or the leader, has changed.
    package func endRebalance(_ leader: EngineLeader) async throws(RegistryError) -> Int64? {
        let isOnce = Comparison(keyspace.rebalance, .equal, .value(Array(RebalanceMode.once.rawValue.utf8)))
        let transaction = Transaction(if: [fence(leader), isOnce], then: [.delete(keyspace.rebalance)])
        let response = try await write("end the rebalancing", transaction)
        return response.succeeded ? response.revision : nil
    }

    /// Begins an update, unless one of the same name is under way.
    ///
    /// - Throws: `unitExists` when it is.
    @discardableResult
    package func begin(
        update name: String,
        _ record: UpdateRecord,
        replacing old: Versioned<UpdateRecord>?,
    ) async throws(RegistryError) -> Int64 {
        let key = keyspace.update(name)
        let condition = old.map { Comparison.unchanged(key, since: $0.revision) } ?? .missing(key)
        let put = Operation.put(key: key, value: try RecordJSON.encode(record), lease: nil)
        let transaction = Transaction(if: [condition], then: [put])
        let response = try await write("update \(name)", transaction)
        guard response.succeeded else { throw RegistryError(.unitExists, "\(name) is being updated already") }
        return response.revision
    }

    /// Takes an update one step further: its record and the texts of units, all or nothing.
    ///
    /// - Parameter leader: nil for a client, who may do without.
    /// - Returns: etcd's revision after it; nil when the update, a unit or the leader has changed.
    package func advance(
        update name: String,
        from old: Versioned<UpdateRecord>,
        to record: UpdateRecord,
        texts: [(unit: StoredUnit, text: String)] = [],
        _ leader: EngineLeader? = nil,
    ) async throws(RegistryError) -> Int64? {
        let key = keyspace.update(name)
        let conditions = texts.map { Comparison.unchanged(keyspace.unit($0.unit.name), since: $0.unit.revision) }
        let puts = texts.map { Operation.put(keyspace.unit($0.unit.name), $0.text) }
        let transaction = Transaction(
            if: (leader.map { [fence($0)] } ?? []) + [.unchanged(key, since: old.revision)] + conditions,
            then: puts + [.put(key: key, value: try RecordJSON.encode(record), lease: nil)],
        )
        let response = try await write("go on with the update of \(name)", transaction)
        return response.succeeded ? response.revision : nil
    }

    /// Forgets an update that is over.
    ///
    /// - Returns: etcd's revision after it; nil when the update has changed.
    package func forget(update name: String, _ old: Versioned<UpdateRecord>) async throws(RegistryError) -> Int64? {
        let key = keyspace.update(name)
        let transaction = Transaction(if: [.unchanged(key, since: old.revision)], then: [.delete(key)])
        let response = try await write("forget the update of \(name)", transaction)
        return response.succeeded ? response.revision : nil
    }
}
