import TopologyModel

/// Backup whose keys etcd's first members begin with.
package struct RestoreSource: Sendable, Hashable {
    /// Name of the backup for people: `the backup of 2026-11-29T16:05:12Z`.
    package var words: String
    /// Path of etcd's snapshot on this host.
    package var snapshot: String
    /// Size of the snapshot in bytes.
    package var size: Int64
    /// Keys of etcd's v2 store, in the order in which they are put back.
    package var legacyKeys: [LegacyKey]
    /// Token of the new etcd cluster: members of any other cannot join it.
    package var token: String
    /// Names of units that were to run.
    package var launched: Set<String>
    /// Generation of certificates that a cluster is made with: what was revoked by a renewal stays so.
    package var certificates = 1

    /// A key of etcd's v2 store.
    package struct LegacyKey: Sendable, Hashable {
        /// Path with a leading slash.
        package var key: String
        /// Nil for a directory.
        package var value: String?
        /// Seconds to live; nil for ever.
        package var ttl: Int?

        package init(key: String, value: String?, ttl: Int?) {
            (self.key, self.value, self.ttl) = (key, value, ttl)
        }
    }

    package init(
        words: String,
        snapshot: String,
        size: Int64,
        legacyKeys: [LegacyKey],
        token: String,
        launched: Set<String>,
    ) {
        self.words = words
        self.snapshot = snapshot
        self.size = size
        self.legacyKeys = legacyKeys
        self.token = token
        self.launched = launched
    }
}

/// A step of putting back what a backup holds.
package enum RestoreAction: Sendable, Hashable {
    /// Ends etcd on a member, which keeps its data for now.
    case stopEtcd(NodePlan)
    /// Gives a member the backup's keys, in the place of what it has, and starts its etcd. One that is made anew waits
    /// for them.
    case member(NodePlan, RestoreSource, initialCluster: String, isNew: Bool)
    /// Writes the keys of etcd's v2 store, of which snapshots know nothing.
    case legacyKeys(RestoreSource, endpoints: [String])
    /// Starts a node's fleetd anew, which leaves its units alone: etcd's revisions went back under it.
    case restartFleet(NodePlan)
}

extension EtcdPeer {
    /// As in `--initial-cluster`.
    static func initialCluster(_ peers: [EtcdPeer]) -> String {
        peers.map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",")
    }
}
