/// The etcd cluster as its members tell it.
package struct ObservedEtcd: Sendable, Hashable, Codable {
    /// A member as etcd lists it.
    package struct Member: Sendable, Hashable, Codable {
        /// etcd's own number for the member, in hexadecimal.
        package var id: String
        /// Name; empty until it has started.
        package var name: String
        /// URLs at which other members reach it.
        package var peerURLs: [String]
        /// True when it ever joined: etcd lists no client URLs of a member that was announced and never started.
        package var started: Bool
        /// True when it says that it has a leader and can commit.
        package var healthy: Bool
        /// True when it follows without a vote.
        package var learner: Bool
        /// Seconds by which its node's clock is ahead of this host's, at least; negative for one behind, nil for one that
        /// is not known to differ by more than a second.
        package var clockAhead: Double?

        /// A member.
        package init(
            id: String,
            name: String,
            peerURLs: [String],
            started: Bool = true,
            healthy: Bool,
            learner: Bool = false,
        ) {
            self.id = id
            self.name = name
            self.peerURLs = peerURLs
            self.started = started
            self.healthy = healthy
            self.learner = learner
        }
    }

    /// An alarm that a member has raised, which all of them heed.
    package struct Alarm: Sendable, Hashable, Codable {
        /// Name of the member.
        package var member: String
        /// Kind, as etcd names it: `NOSPACE`, say.
        package var kind: String

        package init(member: String, kind: String) {
            (self.member, self.kind) = (member, kind)
        }

        /// True for an etcd that takes no writes until there is room.
        package var isOfSpace: Bool { kind == "NOSPACE" }

        /// Consequence of it, for people.
        package var consequence: String {
            isOfSpace
                ? "etcd's database on \(member) is full, and etcd takes no writes (alarm NOSPACE)"
                : "etcd on \(member) raises the alarm \(kind)"
        }
    }

    /// Sorted by peer URL.
    package var members: [Member]
    /// The IDs, in hexadecimal, that the members answer with: more than one where there is more than one cluster.
    package var clusterIDs: Set<String>
    /// Alarms, sorted; nil where there are none.
    package var alarms: [Alarm]?

    /// The cluster of these members.
    package init(members: [Member], clusterIDs: Set<String> = []) {
        self.members = members
        self.clusterIDs = clusterIDs
    }

    /// Members with a vote.
    package var voters: [Member] { members.filter { !$0.learner } }
    /// Number of healthy voters.
    package var healthyCount: Int { voters.filter(\.healthy).count }
    /// True when a majority of the voters is healthy.
    package var hasQuorum: Bool { !voters.isEmpty && healthyCount >= voters.count / 2 + 1 }
    /// The member with that peer URL.
    package func member(peerURL: String) -> Member? { members.first { $0.peerURLs.contains(peerURL) } }
}
