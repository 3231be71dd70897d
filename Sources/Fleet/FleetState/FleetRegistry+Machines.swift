import Etcd

extension FleetRegistry {
    /// Makes a machine present, under a new lease.
    ///
    /// A key left by the same machine (its fleetd was restarted, or the machine booted faster than its lease ended) is
    /// taken over, so that the machine never appears to leave.
    ///
    /// - Parameter ttl: seconds without a renewal after which the machine counts as gone.
    /// - Throws: `duplicateMachine` while another machine with this id is present.
    package func register(_ machine: MachineRecord, ttl: Int64) async throws(RegistryError) -> MachineSession {
        let key = keyspace.machine(machine.id)
        let value = try RecordJSON.encode(machine)
        let lease = try await etcdCall("get a lease for machine \(machine.id)") { () async throws(EtcdError) in
            try await etcd.grantLease(ttl: ttl)
        }
        let held = try await etcdCall("read machine \(machine.id)") { () async throws(EtcdError) in
            try await etcd.get(key)
        }
        if let held { try await refuseOthers(held, machine, lease) }
        let transaction = Transaction(
            if: [held.map(Comparison.unchanged) ?? .missing(key)],
            then: [.put(key: key, value: value, lease: lease.id)],
        )
        let response = try await write("register machine \(machine.id)", transaction)
        guard response.succeeded else {
            try await release(lease)
            throw RegistryError(.changedMeanwhile, "machine \(machine.id) changed while it was registered")
        }
        return MachineSession(
            machineID: machine.id,
            lease: lease.id,
            ttl: lease.ttl,
            createRevision: held?.createRevision ?? response.revision,
            revision: response.revision,
        )
    }

    private func refuseOthers(
        _ held: KeyValue,
        _ machine: MachineRecord,
        _ lease: Lease,
    ) async throws(RegistryError) {
        let other = try? StoredMachine(held).record
        if let other, other.isSameMachine(as: machine) { return }
        try await release(lease)
        let address = other.map { $0.primaryIP.isEmpty ? "an unknown address" : $0.primaryIP } ?? "an unknown address"
        throw RegistryError(
            .duplicateMachine,
            "another machine with the id \(machine.id) is present, at \(address): give each machine an "
                + "/etc/machine-id of its own, or wait until the other one's lease has ended",
        )
    }

    private func release(_ lease: Lease) async throws(RegistryError) {
        try await etcdCall("release a lease") { () async throws(EtcdError) in try await etcd.revoke(lease.id) }
    }

    /// Renews a machine's lease.
    ///
    /// - Returns: etcd's revision now; a copy of fleet's state that is older may have missed something.
    /// - Throws: `machineLost` when the lease has ended.
    package func keepAlive(_ session: MachineSession) async throws(RegistryError) -> Int64 {
        let lease = try await etcdCall("renew the lease of machine \(session.machineID)") {
            () async throws(EtcdError) in
            try await etcd.keepAlive(session.lease)
        }
        guard let lease else { throw session.lost }
        return lease.revision
    }

    /// Says something new of a machine that is present.
    package func update(_ machine: MachineRecord, _ session: MachineSession) async throws(RegistryError) {
        let value = try RecordJSON.encode(machine)
        let put = Operation.put(key: keyspace.machine(machine.id), value: value, lease: session.lease)
        let response = try await write("update machine \(machine.id)", Transaction(if: [fence(session)], then: [put]))
        guard response.succeeded else { throw session.lost }
    }

    /// Takes a machine, its unit states and its leadership away at once, and says before that it leaves.
    package func leave(_ session: MachineSession) async throws(RegistryError) {
        try await announceLeave(session)
        try await end(session)
    }

    /// Asks a machine to leave the cluster: it is marked as one that leaves, gets no further units, stops those that it
    /// has, and goes.
    ///
    /// - Returns: false where nobody can be asked: the machine is not present, or its fleetd is of a version that does
    ///   not look at its own record.
    package func askToLeave(machineID: String) async throws(RegistryError) -> Bool {
        let held = try await etcdCall("read machine \(machineID)") { () async throws(EtcdError) in
            try await etcd.get(keyspace.machine(machineID))
        }
        guard let held, let machine = try? StoredMachine(held), machine.record.leavesOnRequest == true else {
            return false
        }
        guard machine.record.isLeaving != true else { return true }
        var record = machine.record
        record.isLeaving = true
        let put = Operation.put(key: held.key, value: try RecordJSON.encode(record), lease: machine.lease)
        let response = try await write(
            "ask machine \(machineID) to leave",
            Transaction(if: [.unchanged(held)], then: [put])
        )
        guard response.succeeded else {
            throw RegistryError(.changedMeanwhile, "machine \(machineID) changed while it was asked to leave")
        }
        return true
    }

    /// Marks a machine as one that leaves: when its lease ends after that, it has not fallen silent.
    package func announceLeave(_ session: MachineSession) async throws(RegistryError) {
        let held = try await etcdCall("read machine \(session.machineID)") { () async throws(EtcdError) in
            try await etcd.get(keyspace.machine(session.machineID))
        }
        // A record that is not understood was written by another version, and goes all the same.
        guard let held, held.createRevision == session.createRevision, var record = try? StoredMachine(held).record
        else { return }
        guard record.isLeaving != true else { return }
        record.isLeaving = true
        do {
            try await update(record, session)
        } catch  where error.code == .machineLost {
            // It has gone meanwhile.
        }
    }

    /// Ends a machine's lease, and with it all that it wrote.
    package func end(_ session: MachineSession) async throws(RegistryError) {
        try await etcdCall("leave the cluster") { () async throws(EtcdError) in try await etcd.revoke(session.lease) }
    }

    /// Writes what has changed of the states of a machine's units.
    ///
    /// - Returns: etcd's revision after it.
    /// - Throws: `machineLost` when the machine's presence has ended; what was written before that went with it.
    @discardableResult
    package func publish(_ changes: [StateChange], _ session: MachineSession) async throws(RegistryError) -> Int64 {
        var revision: Int64 = 0
        var rest = changes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Transaction.maximumOperations)
            rest = rest.dropFirst(part.count)
            var operations: [Operation] = []
            for change in part { operations.append(try operation(change, session)) }
            let transaction = Transaction(if: [fence(session)], then: operations)
            let response = try await write("publish the states of \(part.count) units", transaction)
            guard response.succeeded else { throw session.lost }
            revision = response.revision
        }
        return revision
    }

    private func operation(_ change: StateChange, _ session: MachineSession) throws(RegistryError) -> Operation {
        let key = keyspace.state(change.unit, on: session.machineID)
        guard let state = change.state else { return .delete(key) }
        return .put(key: key, value: try RecordJSON.encode(state), lease: session.lease)
    }

    private func fence(_ session: MachineSession) -> Comparison {
        Comparison(keyspace.machine(session.machineID), .equal, .createRevision(session.createRevision))
    }

    func etcdCall<Result>(
        _ what: String,
        _ body: () async throws(EtcdError) -> Result,
    ) async throws(RegistryError) -> Result {
        do {
            return try await body()
        } catch {
            throw RegistryError(what, error)
        }
    }
}

extension MachineSession {
    /// Error of one who acts for a machine whose presence has ended.
    package var lost: RegistryError {
        RegistryError(.machineLost, "machine \(machineID) is no longer registered: its lease has ended")
    }
}
