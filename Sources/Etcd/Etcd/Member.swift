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

    package init(id: MemberID, name: String, peerURLs: [String], clientURLs: [String], isLearner: Bool = false) {
        self.id = id
        self.name = name
        self.peerURLs = peerURLs
        self.clientURLs = clientURLs
        self.isLearner = isLearner
    }
}
