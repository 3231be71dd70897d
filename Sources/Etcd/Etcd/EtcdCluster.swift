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

    /// What one endpoint knows of itself.
    func status(of endpoint: String) async throws(EtcdError) -> MemberStatus

    /// Whether one endpoint has a leader and can commit. An endpoint that says "no" is `false`;
    /// one that does not answer is an error.
    func health(of endpoint: String) async throws(EtcdError) -> Bool

    /// Version of one member.
    func version(of endpoint: String) async throws(EtcdError) -> EtcdVersion
}
