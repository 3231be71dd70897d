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
    /// What the cluster that it is put into loses; nil where that is not known.
    package var loss: RestoreLoss?
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

/// What was written to etcd since a backup was made.
package struct RestoreLoss: Sendable, Hashable {
    /// Number of revisions; nil where the backup is of another etcd, so that they do not tell.
    package var revisions: Int64?
    /// Keys that are not as the backup has them, without those by which fleet and slipway work; of another etcd, all keys.
    package var keys: Int

    private static let ownPrefixes = ["/_coreos.com/", "slipway/"]

    /// - Parameters:
    ///   - keys: all keys, with the revision of the last write to each.
    ///   - revision: of the store now.
    ///   - taken: revision of the backup; nil for one of another etcd.
    package init(keys: [(key: String, modified: Int64)], revision: Int64, since taken: Int64?) {
        let own = keys.filter { key in !Self.ownPrefixes.contains { key.key.hasPrefix($0) } }
        revisions = taken.map { max(0, revision - $0) }
        self.keys = own.count { $0.modified > taken ?? -1 }
    }

    /// In a sentence.
    package var sentence: String {
        let words = keys == 1 ? "1 key" : "\(keys) keys"
        guard let revisions else {
            return
                "The backup is of another etcd than the one there, whose \(words) are lost where the backup has others or none."
        }
        guard revisions > 0 else { return "Nothing was written to etcd since." }
        return "\(revisions) revisions are lost, and with them what was last written to \(words) beside fleet's own."
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
