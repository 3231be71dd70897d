import Planning

/// Snapshots of clusters on one host: copies of all that their nodes have on their disks.
package protocol SnapshotProvider: Sendable {
    /// Snapshots that are whole, by cluster and age.
    func snapshots() async throws -> [ClusterSnapshot]
    /// Makes room for a snapshot, and removes what earlier ones of the cluster left that were cut short.
    func beginSnapshot(_ snapshot: SnapshotReference) async throws
    /// Copies files of a node that runs into a snapshot that was begun, of those that it does not change just now: less is
    /// left to be copied while it is frozen.
    func saveEarly(_ node: NodeReference, in snapshot: SnapshotReference) async throws
    /// Copies the files of a node, which is frozen or off, into a snapshot that was begun.
    ///
    /// - Returns: the definition of the node's domain, and the bytes that the copy takes.
    func saveNode(_ node: NodeReference, in snapshot: SnapshotReference) async throws -> (
        definition: String, bytes: Int64
    )
    /// Makes a snapshot that was begun one that is listed, at once and with all of its files.
    func completeSnapshot(_ snapshot: ClusterSnapshot) async throws
    /// Removes what there is of a snapshot that was begun.
    func abandonSnapshot(_ snapshot: SnapshotReference) async throws
    /// Removes snapshots, and what was left of others; those that are not there are fine.
    func removeSnapshots(_ names: [String], of cluster: String) async throws

    /// Copies a node's files out of a snapshot, beside those that the node has.
    func stageNode(_ node: NodeReference, from snapshot: SnapshotReference) async throws
    /// Notes that a cluster is being put back to a snapshot.
    func beginRestore(_ snapshot: SnapshotReference) async throws
    /// Gives a node, which is off, the files that ``stageNode(_:from:)`` has copied, and its definition; it has to see
    /// itself ready anew.
    func placeNode(_ node: ClusterSnapshot.Node) async throws
    /// Writes all through to the disk, removes what nodes had before, and notes that the cluster is as in the snapshot.
    func endRestore(_ snapshot: SnapshotReference) async throws
}
