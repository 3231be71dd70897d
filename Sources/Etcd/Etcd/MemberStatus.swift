/// What a member knows of itself and its cluster.
package struct MemberStatus: Sendable, Equatable {
    package var member: MemberID
    /// `nil` when it knows of no leader.
    package var leader: MemberID?
    package var version: String
    package var revision: Int64
    package var raftTerm: UInt64
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
