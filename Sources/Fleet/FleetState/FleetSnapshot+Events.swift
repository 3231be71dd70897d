import Etcd
import UnitFiles

extension FleetSnapshot {
    init(_ response: RangeResponse, keyspace: Keyspace) {
        self.init(revision: response.revision)
        for keyValue in response.keyValues {
            if let entry = keyspace.entry(of: keyValue.key) { putUnderstood(keyValue, entry) }
        }
    }

    /// Takes in the changes of a watch.
    ///
    /// - Returns: whom they concern.
    mutating func change(by batch: WatchBatch, _ keyspace: Keyspace) -> FleetChange {
        var change = FleetChange()
        for event in batch.events {
            guard let entry = keyspace.entry(of: event.key) else { continue }
            change.note(entry)
            switch event {
            case .put(let keyValue): putUnderstood(keyValue, entry)
            case .delete(let key, _): remove(key, entry)
            }
        }
        revision = max(revision, batch.revision)
        return change
    }

    private mutating func putUnderstood(_ keyValue: KeyValue, _ entry: Keyspace.Entry) {
        do {
            try put(keyValue, entry)
            malformed[keyValue.key] = nil
        } catch {
            // What was understood last stays: whoever wrote this may be newer, and mean no harm.
            malformed[keyValue.key] = "\(error)"
            keepPresent(entry, keyValue)
        }
    }

    /// A machine is there as long as its key is, whatever it says of itself.
    private mutating func keepPresent(_ entry: Keyspace.Entry, _ keyValue: KeyValue) {
        guard case .machine(let id) = entry else { return }
        left.remove(id)
        let record = machines[id]?.record ?? MachineRecord(id: id)
        machines[id] = StoredMachine(
            record: record,
            createRevision: keyValue.createRevision,
            lease: keyValue.lease,
        )
    }

    /// Takes over from an earlier copy what this one could not understand, and which machines have left.
    mutating func keepUnderstood(of earlier: FleetSnapshot, keyspace: Keyspace) {
        let leaving = earlier.machines.filter { $0.value.record.isLeaving == true }.keys
        left = earlier.left.union(leaving).subtracting(machines.keys)
        for key in malformed.keys {
            switch keyspace.entry(of: key) {
            case .unit(let name): units[name] = earlier.units[name]
            case .desired(let name): desired[name] = earlier.desired[name]
            case .update(let name): updates[name] = earlier.updates[name]
            case .rebalance: rebalance = earlier.rebalance
            case .machine(let id): machines[id]?.record = earlier.machines[id]?.record ?? MachineRecord(id: id)
            case .state(let unit, let machine):
                guard let state = earlier.states[unit]?[machine] else { continue }
                states[unit, default: [:]][machine] = state
            case .schedule, .reason, .metadata, .drain, .engine, nil: continue
            }
        }
    }

    private mutating func put(_ keyValue: KeyValue, _ entry: Keyspace.Entry) throws {
        switch entry {
        case .unit(let name):
            let file = try UnitFile(parsing: keyValue.text, file: name)
            units[name] = StoredUnit(name: name, file: file, revision: keyValue.modRevision)
        case .desired(let name):
            guard let state = TargetState(rawValue: keyValue.text) else {
                throw RegistryError(.malformed, "'\(keyValue.text)' is no state")
            }
            desired[name] = Versioned(state, revision: keyValue.modRevision)
        case .schedule(let name): schedule[name] = Versioned(keyValue.text, revision: keyValue.modRevision)
        case .reason(let name): reasons[name] = keyValue.text
        case .metadata(let machine, let key): metadata[machine, default: [:]][key] = keyValue.text
        case .drain(let id): draining.insert(id)
        case .rebalance:
            guard let mode = RebalanceMode(rawValue: keyValue.text) else {
                throw RegistryError(.malformed, "'\(keyValue.text)' is not a rebalance mode")
            }
            rebalance = mode
        case .update(let name):
            let record = try RecordJSON.decode(UpdateRecord.self, keyValue.value)
            updates[name] = Versioned(record, revision: keyValue.modRevision)
        case .machine(let id):
            machines[id] = try StoredMachine(keyValue)
            left.remove(id)
        case .state(let unit, let machine): states[unit, default: [:]][machine] = try StoredState(keyValue)
        case .engine: leader = EngineLeader(keyValue)
        }
    }

    private mutating func remove(_ key: String, _ entry: Keyspace.Entry) {
        malformed[key] = nil
        switch entry {
        case .unit(let name): units[name] = nil
        case .desired(let name): desired[name] = nil
        case .schedule(let name): schedule[name] = nil
        case .reason(let name): reasons[name] = nil
        case .drain(let id): draining.remove(id)
        case .rebalance: rebalance = .off
        case .update(let name): updates[name] = nil
        case .machine(let id):
            if machines[id]?.record.isLeaving == true { left.insert(id) }
            machines[id] = nil
        case .metadata(let machine, let key):
            metadata[machine]?[key] = nil
            if metadata[machine]?.isEmpty == true { metadata[machine] = nil }
        case .state(let unit, let machine):
            states[unit]?[machine] = nil
            if states[unit]?.isEmpty == true { states[unit] = nil }
        case .engine: leader = nil
        }
    }
}

extension StoredMachine {
    init(_ keyValue: KeyValue) throws {
        let record = try RecordJSON.decode(MachineRecord.self, keyValue.value)
        self.init(record: record, createRevision: keyValue.createRevision, lease: keyValue.lease)
    }
}

extension StoredState {
    init(_ keyValue: KeyValue) throws {
        // A decoder that knows types takes ten times as long, and every machine reads what every other one says. Where
        // the short way does not understand it, the decoder says why.
        let state = try UnitState(plain: keyValue.value) ?? RecordJSON.decode(UnitState.self, keyValue.value)
        self.init(state: state, lease: keyValue.lease)
    }
}

extension EngineLeader {
    init(_ keyValue: KeyValue) {
        self.init(
            machineID: keyValue.text,
            createRevision: keyValue.createRevision,
            revision: keyValue.modRevision,
        )
    }
}
