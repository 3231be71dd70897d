import EtcdProxy
import Testing

/// Which member gets the next connection, and what follows from what is heard of them.
@Suite struct EtcdProxyMemberTableTests {
    private let a = Endpoint(host: "10.0.0.1", port: 2379)
    private let b = Endpoint(host: "10.0.0.2", port: 2379)
    private let c = Endpoint(host: "10.0.0.3", port: 2379)

    private func member(_ client: Endpoint) -> ProxyMember {
        ProxyMember(peers: [Endpoint(host: client.host, port: 2380)], client: client)
    }

    /// Three members, all known to be well.
    private func threeMembers() -> MemberTable {
        var table = MemberTable(peers: [Endpoint(host: "10.0.0.1", port: 2380)])
        _ = table.learned([member(a), member(b), member(c)])
        for endpoint in [a, b, c] { _ = table.probed(endpoint, .health(true)) }
        return table
    }

    /// It costs the cluster an entry of its log, and leads to nothing where no other member could stand in.
    @Test func healthIsAskedForWhereItMatters() {
        var table = MemberTable(peers: [])
        _ = table.learned([member(a)])
        #expect(table.asksHealth(of: a, round: 1) && table.asksHealth(of: b, round: 1), "nothing is known of them")
        _ = table.probed(a, .health(true))
        #expect((1...10).allSatisfy { !table.asksHealth(of: a, round: $0) })
        _ = table.probed(a, .health(false))
        #expect((1...10).filter { table.asksHealth(of: a, round: $0) } == [5, 10])
        _ = table.probed(a, .health(true))
        _ = table.learned([member(a), member(b)])
        _ = table.probed(b, .alive)
        for endpoint in [a, b] { #expect((1...10).filter { table.asksHealth(of: endpoint, round: $0) } == [5, 10]) }
        _ = table.learned([member(b)])
        #expect(table.knows(b) && !table.knows(a))
    }

    @Test func guessesTheClientPortUntilItIsTold() {
        var table = MemberTable(peers: [Endpoint(host: "10.0.0.1", port: 2380), Endpoint(host: "10.0.0.2", port: 2380)])
        #expect(table.candidates() == [a, b])
        #expect(table.peers.map(\.port) == [2380, 2380])
        #expect(!table.isReady)
    }

    @Test func firstAnswerMakesItReadyOnce() {
        var table = MemberTable(peers: [Endpoint(host: "10.0.0.1", port: 2380)])
        #expect(table.learned([member(a)]) == [.save([member(a)]), .log("members: 10.0.0.1:2379"), .probe])
        #expect(!table.isReady)
        #expect(table.probed(a, .health(true)) == [.ready])
        #expect(table.probed(a, .alive) == [])
    }

    @Test func equalsTakeTurns() {
        var table = threeMembers()
        #expect(table.candidates() == [a, b, c])
        #expect(table.candidates() == [b, c, a])
        #expect(table.candidates() == [c, a, b])
        #expect(table.candidates() == [a, b, c])
    }

    @Test func memberThatRefusesIsGivenUpAtOnce() {
        var table = threeMembers()
        let reason = "refuses connections"
        #expect(
            table.probed(b, .refused) == [.log("\(b) \(reason)"), .disconnect(b, reason: reason), .refresh, .verify]
        )
        #expect(table.probed(b, .refused) == [])
        #expect(table.candidates().last == b)
        #expect(table.candidates().last == b)
    }

    @Test func silentMemberIsGivenUpTheSecondTime() {
        var table = threeMembers()
        #expect(table.probed(c, .silent) == [])
        #expect(table.probed(c, .alive) == [])
        #expect(table.probed(c, .silent) == [])
        let reason = "does not answer"
        #expect(
            table.probed(c, .silent) == [.log("\(c) \(reason)"), .disconnect(c, reason: reason), .refresh, .verify]
        )
        #expect(table.probed(c, .alive) == [.log("\(c) is back")])
    }

    @Test func unhealthyMemberIsAvoidedWhileOthersAreWell() {
        var table = threeMembers()
        let log = MemberTable.Action.log("\(a) says that it is not healthy")
        #expect(table.probed(a, .health(false)) == [log, .disconnect(a, reason: "not healthy, and others are")])
        #expect(table.candidates().last == a)
        #expect(table.probed(a, .alive) == [], "a sign of life is no sign of health")
        #expect(table.candidates().last == a)
        #expect(table.probed(a, .health(true)) == [.log("\(a) is healthy again")])
    }

    @Test func lostQuorumClosesNothing() {
        var table = threeMembers()
        let actions = [a, b, c].flatMap { table.probed($0, .health(false)) }
        let disconnected = actions.filter { if case .disconnect = $0 { true } else { false } }
        #expect(disconnected.count == 2, "the last one has nobody to give way to")
        #expect(Set(table.candidates()) == [a, b, c])
    }

    @Test func memberThatCannotBeConnectedToIsGivenUp() {
        var table = threeMembers()
        let reason = "cannot be connected to"
        #expect(table.dialFailed(a) == [.log("\(a) \(reason)"), .disconnect(a, reason: reason), .refresh, .verify])
        #expect(table.dialFailed(a) == [])
    }

    @Test func lossIsDoubtedOnceUntilAMemberCommits() {
        var table = threeMembers()
        #expect(table.connectionLost() == [.verify])
        #expect(table.isInDoubt)
        #expect(table.connectionLost() == [], "it is being looked into")
        #expect(table.dialFailed(a).contains(.verify) == false)
        #expect(table.verified() == [.release])
        #expect(table.verified() == [])
        #expect(table.connectionLost() == [.verify], "another loss")
    }

    @Test func nothingIsDoubtedBeforeTheFirstAnswer() {
        var table = MemberTable(peers: [Endpoint(host: "10.0.0.1", port: 2380)])
        #expect(table.connectionLost() == [])
        #expect(!table.isInDoubt)
    }

    @Test func removedMemberLosesItsConnections() {
        var table = threeMembers()
        let d = Endpoint(host: "10.0.0.4", port: 2379)
        let members = [member(a), member(b), member(d)]
        #expect(
            table.learned(members) == [
                .disconnect(c, reason: "no longer a member"),
                .save(members),
                .log("members: 10.0.0.1:2379, 10.0.0.2:2379, 10.0.0.4:2379"),
                .probe,
            ]
        )
        #expect(table.learned(members) == [], "the same list again")
        #expect(table.endpoints == [a, b, d])
        #expect(table.candidates() == [a, b, d], "a member nothing is known of comes after those who are well")
        #expect(table.learned([]) == [], "an empty list is no list")
    }

    @Test func rememberedMembersReplaceTheGuess() {
        var table = MemberTable(peers: [Endpoint(host: "10.0.0.9", port: 2380)])
        table.remembered([member(a), member(b)])
        #expect(table.endpoints == [a, b])
        #expect(table.peers.map(\.host) == ["10.0.0.1", "10.0.0.2", "10.0.0.9"], "it may be out of date")
        #expect(!table.hasLearned)
    }

    @Test func peersOfMembersThatAreWellAreAskedFirst() {
        var table = threeMembers()
        _ = table.probed(a, .refused)
        #expect(table.peers.map(\.host) == ["10.0.0.2", "10.0.0.3", "10.0.0.1"])
    }
}
