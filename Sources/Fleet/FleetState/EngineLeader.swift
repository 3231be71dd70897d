/// The machine whose engine places units.
package struct EngineLeader: Sendable, Equatable {
    /// Machine whose engine leads.
    package var machineID: String
    /// etcd's revision when this leadership began; a fence for its writes.
    package var createRevision: Int64
    /// etcd's revision of the key, which fences what the leader writes.
    package var revision: Int64

    package init(machineID: String, createRevision: Int64, revision: Int64) {
        self.machineID = machineID
        self.createRevision = createRevision
        self.revision = revision
    }
}
