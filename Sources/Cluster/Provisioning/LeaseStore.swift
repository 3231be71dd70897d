/// Lease of a cluster, visible to all commands that use the same libvirt.
package struct LeaseRecord: Sendable, Hashable {
    /// Name of the cluster.
    package var cluster: String
    /// UUID of this lease, and of no other: whoever takes the next one takes another.
    package var id: String
    /// Holder for people: user, host, process and command.
    package var holder: String
    /// Lock file that the holder has of its host's kernel, identified by the host's boot and the file's number: whoever
    /// has that lock knows that no other holder of it is left.
    package var lock: String
    /// Number of renewals.
    package var renewals: Int
    /// Time of the last renewal by the holder's clock, in seconds since 1970.
    package var time: Int64
    /// How far the holder has come; nil where it carries no plan out.
    package var progress: RunProgress?

    package init(
        cluster: String,
        id: String,
        holder: String,
        lock: String,
        renewals: Int = 0,
        time: Int64,
        progress: RunProgress? = nil,
    ) {
        self.cluster = cluster
        self.id = id
        self.holder = holder
        self.lock = lock
        self.renewals = renewals
        self.time = time
        self.progress = progress
    }
}

/// Store of leases; each call is atomic. A cluster has one lease at most.
package protocol LeaseStore: Sendable {
    /// The cluster's lease; nil when there is none.
    func lease(of cluster: String) async throws -> LeaseRecord?
    /// Names of clusters whose lease changes: one is taken, says something else, or ends. Ends when nothing more can be
    /// learned in that way.
    func changedLeases() async -> AsyncStream<String>
    /// Adds a lease.
    ///
    /// - Returns: false where the cluster has one, which stays.
    func create(_ lease: LeaseRecord) async throws -> Bool
    /// Replaces what the lease of that ID says.
    ///
    /// - Returns: false where it is no more.
    func renew(_ lease: LeaseRecord) async throws -> Bool
    /// Removes the lease of that ID; one that is no more is no error.
    func remove(_ lease: LeaseRecord) async throws
}
