/// What a member knows of itself and its cluster.
package struct MemberStatus: Sendable, Equatable {
    /// ID of the member that answered.
    package var member: MemberID
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

    package init(
        member: MemberID,
        leader: MemberID?,
        version: String,
        revision: Int64,
        raftTerm: UInt64,
        raftIndex: UInt64,
        databaseSize: Int64,
    ) {
        self.member = member
        self.leader = leader
        self.version = version
        self.revision = revision
        self.raftTerm = raftTerm
        self.raftIndex = raftIndex
        self.databaseSize = databaseSize
    }
}
