import TestKit
import Testing

@testable import Etcd

@Suite(.timeLimit(.minutes(5)), .serialized)
struct EtcdHTTPClientTests {
    /// gRPC's codes of what passes: cancelled by the member's own end, deadline exceeded, unavailable.
    @Test(arguments: [
        (1, "grpc: the client connection is closing"), (4, "slow"), (14, "etcdserver: request timed out"),
    ])
    func whatPassesIsToldByItsCode(code: Int, text: String) {
        let refusal = Gateway.Refusal(error: text, message: text, code: code)
        #expect(EtcdError(refusal: refusal, status: 500, where: "here").isTransient)
    }

    @Test func whatIsRefusedDoesNotPassWhateverItsText() {
        let text = "the name 'timed out' is unavailable"
        let refusal = Gateway.Refusal(error: text, message: text, code: 9)
        #expect(EtcdError(refusal: refusal, status: 503, where: "here").code == .refused)
    }

    @Test func goesOnToTheNextEndpoint() async throws {
        let dead = try Loopback.freePorts(1).map { "http://127.0.0.1:\($0)" }
        try await RealEtcd.with { server in
            let etcd = EtcdHTTPClient.patient(dead + server.clientURLs)
            try await etcd.put("a", "1")
            #expect(try await etcd.get("a")?.text == "1")
        }
    }

    @Test func saysWhichEndpointsFailed() async throws {
        let urls = try Loopback.freePorts(2).map { "http://127.0.0.1:\($0)" }
        let error = await #expect(throws: EtcdError.self) {
            try await EtcdHTTPClient(endpoints: urls).range(RangeRequest(.key("a")))
        }
        let text = "\(try #require(error))"
        #expect(error?.code == .unavailable)
        #expect(urls.allSatisfy { text.contains($0) }, "\(text)")
    }

    @Test func aSilentMemberCostsOneDeadline() async throws {
        try await RealEtcd.with(members: 3) { server in
            // Not the leader, whose silence costs an election besides.
            let silent = try await server.follower()
            let urls =
                [server.clientURLs[silent]]
                + server.clientURLs.enumerated().filter { $0.offset != silent }.map(\.element)
            // Long enough for a write on a busy disk.
            let etcd = EtcdHTTPClient(endpoints: urls, requestTimeout: .seconds(4))
            // On a busy host the members may just elect a leader, and a write is lost between two.
            try await eventually("a write is taken") { (try? await etcd.put("a", "1")) != nil }
            server.suspend(silent)
            // It may have become the leader meanwhile; then the others elect one first.
            let others = EtcdHTTPClient(endpoints: Array(urls.dropFirst()), requestTimeout: .seconds(4))
            try await eventually("a write is taken without it") { (try? await others.put("b", "1")) != nil }
            #expect(try await etcd.get("a")?.text == "1")
            // The write after that goes to the member that answered, at once.
            try await etcd.put("a", "2")
            server.resume(silent)
        }
    }

    @Test func comesBackToTheFirstMember() async throws {
        try await RealEtcd.with(members: 3) { server in
            let etcd = EtcdHTTPClient(endpoints: server.clientURLs, requestTimeout: .seconds(1))
            try await etcd.put("a", "1")
            server.suspend(0)
            let lease = try await etcd.grantLease(ttl: 60)
            #expect(etcd.router.current != 0)
            server.resume(0)
            try await eventually(within: .seconds(20), "the first member is asked again") {
                let renewed = try await etcd.keepAlive(lease.id)
                return renewed != nil && etcd.router.current == 0
            }
            #expect(try await etcd.get("a")?.text == "1")
        }
    }

    @Test func anUrgentRequestSaysWhichEndpointsFailed() async throws {
        let urls = try Loopback.freePorts(2).map { "http://127.0.0.1:\($0)" }
        let error = await #expect(throws: EtcdError.self) {
            try await EtcdHTTPClient(endpoints: urls).grantLease(ttl: 60)
        }
        #expect(error?.code == .unavailable && urls.allSatisfy { "\(error, default: "")".contains($0) })
    }

    @Test func aWriteThatMayHaveHappenedIsNotRepeated() async throws {
        try await RealEtcd.with(members: 3) { server in
            let etcd = EtcdHTTPClient(endpoints: server.clientURLs, requestTimeout: .milliseconds(500))
            try await etcd.put("a", "1")
            // Not always the first: one that was slow to answer may have been left already.
            let asked = etcd.router.current
            server.suspend(asked)
            let error = await #expect(throws: EtcdError.self) { try await etcd.put("a", "2") }
            #expect(error?.code == .timeout)
            server.resume(asked)
        }
    }

    @Test func aWatchSurvivesItsMember() async throws {
        try await RealEtcd.with(members: 3) { server in
            let etcd = EtcdHTTPClient(endpoints: server.clientURLs, requestTimeout: .seconds(1))
            let others = EtcdHTTPClient(
                endpoints: Array(server.clientURLs.dropFirst()),
                requestTimeout: .milliseconds(500)
            )
            try await etcd.put("k0", "")
            var seen: [String] = []
            for try await batch in etcd.watch(.prefix("k"), from: 2) {
                // A write that timed out in the election may be seen twice.
                for event in batch.events where event.key != seen.last { seen.append(event.key) }
                if seen.count == 1 { server.kill(0) }
                if seen.count == 5 { break }
                let next = "k\(seen.count)"
                try await eventually(within: .seconds(20), "\(next) is written") {
                    do throws(EtcdError) {
                        try await others.put(next, "")
                        return true
                    } catch {
                        guard error.isTransient else { throw error }
                        return false
                    }
                }
            }
            #expect(seen == ["k0", "k1", "k2", "k3", "k4"])
        }
    }

    @Test func compactionEndsAWatch() async throws {
        let etcd = FakeEtcd()
        for number in 0..<5 { try await etcd.put("k", "\(number)") }
        etcd.compact(4)
        let error = await #expect(throws: EtcdError.self) {
            for try await _ in etcd.watch(.key("k"), from: 2) {}
        }
        #expect(error?.code == .compacted)
    }

    @Test func membersAndHealth() async throws {
        try await RealEtcd.with(members: 3) { server in
            let etcd = EtcdHTTPClient(endpoints: server.clientURLs)
            let members = try await etcd.members()
            #expect(Set(members.map(\.name)) == Set(server.members.map(\.name)))
            #expect(Set(members.flatMap(\.peerURLs)) == Set(server.members.map(\.peerURL)))
            let status = try await etcd.status(of: server.clientURLs[0])
            #expect(members.map(\.id).contains(status.member) && status.leader != nil)
            #expect(try await etcd.health(of: server.clientURLs[0]))
            server.kill(1)
            server.kill(2)
            try await eventually("the last member is unhealthy") {
                try await etcd.health(of: server.clientURLs[0]) == false
            }
        }
    }
}
