/// etcd's members and their health.
package protocol EtcdCluster: Sendable {
    /// Lists the members, learners included.
    func members() async throws(EtcdError) -> [Member]

    /// - Parameter learner: a member that follows but does not vote yet.
    @discardableResult
    func addMember(peerURLs: [String], learner: Bool) async throws(EtcdError) -> Member

    /// Removes a member; its data stays on its disk.
    func removeMember(_ id: MemberID) async throws(EtcdError)

    /// Gives a learner its vote.
    func promoteMember(_ id: MemberID) async throws(EtcdError)

    /// Writes a key of the v2 keyspace, or makes a directory, whatever was there before.
    func putLegacy(_ wanted: EtcdHTTPClient.LegacyKey) async throws(EtcdError)

    /// Returns the status of one endpoint.
    func status(of endpoint: String) async throws(EtcdError) -> MemberStatus

    /// Lists the alarms that members have raised.
    func alarms() async throws(EtcdError) -> [EtcdAlarm]

    /// Returns whether one endpoint has a leader and can commit, also while an alarm keeps it from taking writes. An
    /// endpoint that says "no" is `false`; one that does not answer is an error.
    func health(of endpoint: String) async throws(EtcdError) -> Bool
}

/// A member of an etcd cluster.
package struct Member: Sendable, Equatable {
    /// ID of the member.
    package var id: MemberID
    /// Empty until the member has started for the first time.
    package var name: String
    /// URLs at which other members reach it.
    package var peerURLs: [String]
    /// Empty until the member has started for the first time.
    package var clientURLs: [String]
    /// It follows but does not vote.
    package var isLearner: Bool

    /// Client URL at which others reach it: localhost in the list would be another machine's.
    package var outerURL: String? {
        clientURLs.first { !$0.contains("localhost") && !$0.contains("127.0.0.1") }
    }

    package init(id: MemberID, name: String, peerURLs: [String], clientURLs: [String], isLearner: Bool = false) {
        self.id = id
        self.name = name
        self.peerURLs = peerURLs
        self.clientURLs = clientURLs
        self.isLearner = isLearner
    }
}

/// The number by which etcd knows a member; written in hexadecimal, as `etcdctl` does.
package struct MemberID: Sendable, Hashable, CustomStringConvertible {
    /// Number as etcd has it.
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package var description: String { String(rawValue, radix: 16) }
}

/// Status of a member and its view of the cluster.
package struct MemberStatus: Sendable, Equatable {
    /// ID of the member that answered.
    package var member: MemberID
    /// The cluster's ID, in hexadecimal as etcd prints it: the same for all its members, and for no other cluster.
    package var cluster: String
    /// `nil` when it knows of no leader.
    package var leader: MemberID?
    /// Version of the member.
    package var version: String
    /// Revision of its store.
    package var revision: Int64
    /// Term of the current election.
    package var raftTerm: UInt64
    /// Index of its last log entry.
    package var raftIndex: UInt64
    /// Bytes.
    package var databaseSize: Int64
    /// Seconds by which the member's clock is ahead of this host's, at least; negative for one behind.
    package var clockAhead = 0.0

    package init(
        member: MemberID,
        cluster: String,
        leader: MemberID?,
        version: String,
        revision: Int64,
        raftTerm: UInt64,
        raftIndex: UInt64,
        databaseSize: Int64,
    ) {
        self.member = member
        self.cluster = cluster
        self.leader = leader
        self.version = version
        self.revision = revision
        self.raftTerm = raftTerm
        self.raftIndex = raftIndex
        self.databaseSize = databaseSize
    }
}
