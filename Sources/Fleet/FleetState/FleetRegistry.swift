import Etcd
import UnitFiles

/// fleet's state in etcd. Every change is a transaction with the preconditions under which it makes sense.
///
///     let registry = FleetRegistry(etcd: EtcdHTTPClient(endpoints: ["http://10.0.0.2:2379"]))
///     try await registry.create(unit: "web.service", file, target: .launched)
package struct FleetRegistry: Sendable {
    /// Client of etcd.
    package let etcd: any EtcdClient
    /// Names of the keys.
    package let keyspace: Keyspace
    /// Receives the changes of each write of this registry.
    package var onWrite: @Sendable (WatchBatch) -> Void = { _ in }

    /// Creates a registry over the keys with a prefix.
    package init(etcd: any EtcdClient, prefix: String = Keyspace.defaultPrefix) {
        self.etcd = etcd
        keyspace = Keyspace(prefix: prefix)
    }

    /// Everything, in one request.
    package func snapshot() async throws(RegistryError) -> FleetSnapshot {
        try await read("fleet's state", [.prefix(keyspace.prefix)])
    }

    /// All units by name, in one request.
    package func units() async throws(RegistryError) -> [FleetUnit] {
        let kinds = ["unit/", "desired/", "schedule/", "reason/"]
        return try await read("fleet's units", kinds.map { .prefix(keyspace.prefix + $0) }).fleetUnits
    }

    /// One unit, in one request; `nil` when there is none.
    package func unit(_ name: String) async throws(RegistryError) -> FleetUnit? {
        let keys = [keyspace.unit(name), keyspace.desired(name), keyspace.schedule(name), keyspace.reason(name)]
        return try await read("unit \(name)", keys.map { .key($0) }).fleetUnits.first
    }

    /// The machines that are present, by id, in one request.
    package func machines() async throws(RegistryError) -> [MachineRecord] {
        let kinds = ["machine/", "metadata/"]
        return try await read("fleet's machines", kinds.map { .prefix(keyspace.prefix + $0) }).machineRecords
    }

    /// Unit to machine to state, in one request.
    package func states() async throws(RegistryError) -> [String: [String: UnitState]] {
        let snapshot = try await read("the states of fleet's units", [.prefix(keyspace.prefix + "state/")])
        return snapshot.states.mapValues { $0.mapValues(\.state) }
    }

    private func read(_ what: String, _ ranges: [KeyRange]) async throws(RegistryError) -> FleetSnapshot {
        do {
            if ranges.count == 1 {
                return FleetSnapshot(try await etcd.range(RangeRequest(ranges[0])), keyspace: keyspace)
            }
            let response = try await etcd.commit(Transaction(then: ranges.map { .range(RangeRequest($0)) }))
            let keyValues = response.ranges.flatMap(\.keyValues)
            let all = RangeResponse(revision: response.revision, keyValues: keyValues, count: Int64(keyValues.count))
            return FleetSnapshot(all, keyspace: keyspace)
        } catch {
            throw RegistryError("read \(what)", error)
        }
    }

    /// - Returns: the response, also when the preconditions did not hold.
    func write(_ what: String, _ transaction: Transaction) async throws(RegistryError) -> TransactionResponse {
        do {
            let response = try await etcd.commit(transaction)
            if response.succeeded { onWrite(WatchBatch(of: transaction.success, at: response.revision)) }
            return response
        } catch {
            throw RegistryError(what, error)
        }
    }
}

extension WatchBatch {
    /// The events that a watch is going to report of operations on single keys. The creation revision and the version
    /// of a key that existed before are not known.
    fileprivate init(of operations: [Operation], at revision: Int64) {
        let events = operations.compactMap { operation -> KeyEvent? in
            switch operation {
            case .put(let key, let value, let lease):
                .put(
                    KeyValue(
                        key: key,
                        value: value,
                        createRevision: revision,
                        modRevision: revision,
                        version: 1,
                        lease: lease,
                    )
                )
            case .delete(.key(let key)): .delete(key: key, revision: revision)
            case .delete(.prefix), .range: nil
            }
        }
        self.init(revision: revision, events: events)
    }
}

extension FleetSnapshot {
    /// All units by name.
    package var fleetUnits: [FleetUnit] { units.keys.sorted().compactMap(fleetUnit) }

    /// Unit with its target and its machine; nil where there is no such unit.
    package func fleetUnit(_ name: String) -> FleetUnit? {
        units[name].map { unit in
            FleetUnit(unit: unit, target: target(of: name), machineID: machine(of: name), reason: reasons[name])
        }
    }

    /// All machines by id, with the metadata set through the API.
    package var machineRecords: [MachineRecord] {
        machines.keys.sorted().compactMap { id in
            guard var record = machines[id]?.record else { return nil }
            record.metadata = metadata(of: id)
            return record
        }
    }
}
