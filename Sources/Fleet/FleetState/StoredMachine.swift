import Etcd

/// A machine that is present.
package struct StoredMachine: Sendable, Equatable {
    /// Description of the machine.
    package var record: MachineRecord
    /// etcd's revision when it came; another one means that it left in between.
    package var createRevision: Int64
    /// Lease of its presence; nil for none.
    package var lease: LeaseID?

    package init(record: MachineRecord, createRevision: Int64, lease: LeaseID? = nil) {
        self.record = record
        self.createRevision = createRevision
        self.lease = lease
    }
}
