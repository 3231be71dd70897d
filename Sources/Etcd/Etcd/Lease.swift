/// A lease as etcd granted or renewed it.
package struct Lease: Sendable, Equatable {
    /// ID that keys are attached to.
    package var id: LeaseID
    /// Seconds until it ends, unless it is renewed. etcd raises what it finds too short
    /// (1.5 × its election timeout).
    package var ttl: Int64
    /// The store's revision when etcd answered.
    package var revision: Int64

    package init(id: LeaseID, ttl: Int64, revision: Int64) {
        self.id = id
        self.ttl = ttl
        self.revision = revision
    }
}
