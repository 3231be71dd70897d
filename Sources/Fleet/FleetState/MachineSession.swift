import Etcd

/// A machine's presence: what its writes are fenced with.
package struct MachineSession: Sendable, Equatable {
    /// Machine that is present.
    package var machineID: String
    /// Lease that its keys are attached to.
    package var lease: LeaseID
    /// Seconds that etcd granted.
    package var ttl: Int64
    /// Of the machine's key. When the key has another, the machine's presence has ended in between.
    package var createRevision: Int64
    /// etcd's revision when the presence began: what was read before it may be out of date.
    package var revision: Int64

    /// The machine was present before: fleetd was started again within its lease.
    package var isContinued: Bool { createRevision < revision }

    package init(machineID: String, lease: LeaseID, ttl: Int64, createRevision: Int64, revision: Int64) {
        self.machineID = machineID
        self.lease = lease
        self.ttl = ttl
        self.createRevision = createRevision
        self.revision = revision
    }
}
