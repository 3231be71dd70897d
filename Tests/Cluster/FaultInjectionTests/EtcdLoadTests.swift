import Basics
import Chaos
import Etcd
import Synchronization
import TestKit
import Testing

@testable import FaultInjection

@Suite(.timeLimit(.minutes(5)))
struct EtcdLoadTests {
    /// An etcd that answers each read of one client as it answered the first one of the same keys.
    private final class Stale: EtcdClient {
        private let etcd: FakeEtcd
        private let known = Mutex<[String: RangeResponse]>([:])

        init(_ etcd: FakeEtcd) { self.etcd = etcd }

        func range(_ request: RangeRequest) async throws(EtcdError) -> RangeResponse {
            let key = "\(request.range)"
            if let old = known.withLock({ $0[key] }) { return old }
            let answer = try await etcd.range(request)
            known.withLock { $0[key] = answer }
            return answer
        }

        func commit(_ transaction: Transaction) async throws(EtcdError) -> TransactionResponse {
            try await etcd.commit(transaction)
        }

        func grantLease(ttl: Int64) async throws(EtcdError) -> Lease { try await etcd.grantLease(ttl: ttl) }
        func keepAlive(_ lease: LeaseID) async throws(EtcdError) -> Lease? { try await etcd.keepAlive(lease) }
        func revoke(_ lease: LeaseID) async throws(EtcdError) { try await etcd.revoke(lease) }
        func watch(_ range: KeyRange, from revision: Int64) -> EtcdWatch { etcd.watch(range, from: revision) }
    }

    private func violations(
        of clients: [any EtcdClient],
        on etcd: FakeEtcd,
        after count: Int = 300,
        meanwhile: () -> Void = {},
    ) async throws -> (violations: [Violation], counts: Verdict.Counts) {
        let named = clients.enumerated().map { EtcdLoad.Client(name: "m\($0.offset)", etcd: $0.element) }
        let load = EtcdLoad(named, run: "x", start: .now, pause: 0...2)
        try await load.begin(by: etcd)
        let found = Mutex<[Violation]>([])
        let running = Task { await load.run(seed: 1) { violation in found.withLock { $0.append(violation) } } }
        try await eventually("\(count) operations") {
            meanwhile()
            return load.counts.answered >= count
        }
        running.cancel()
        await running.value
        return (found.withLock { $0 } + load.judgeRest(), load.counts)
    }

    @Test("an etcd that is one passes, also where answers are lost")
    func good() async throws {
        let etcd = FakeEtcd()
        let result = try await violations(of: [etcd, etcd, etcd], on: etcd) {
            etcd.loseNextAnswer(EtcdError(.timeout, "lost"))
        }
        #expect(result.violations == [])
        #expect(result.counts.unknown > 0 && result.counts.undecided == 0)
    }

    @Test("a member that answers from an old copy is found, with the operations that prove it")
    func stale() async throws {
        let etcd = FakeEtcd()
        let result = try await violations(of: [etcd, Stale(etcd), etcd], on: etcd)
        let first = try #require(result.violations.first)
        #expect(first.invariant == .linearizable)
        #expect(first.evidence.count > 2)
    }

    @Test("two clusters that take themselves for one are found")
    func splitBrain() async throws {
        let (one, other) = (FakeEtcd(), FakeEtcd())
        try await other.put("slipway/chaos/x/run", "")
        let result = try await violations(of: [one, other], on: one)
        #expect(!result.violations.isEmpty)
    }

    @Test("a write that takes effect after the run's keys were removed leaves nothing")
    func late() async throws {
        let etcd = FakeEtcd()
        let named = [EtcdLoad.Client(name: "m", etcd: etcd)]
        let load = EtcdLoad(named, run: "x", start: .now, pause: 0...2)
        try await load.begin(by: etcd)
        let running = Task { await load.run(seed: 1) { _ in } }
        try await eventually("operations") { load.counts.answered > 20 }
        try await etcd.delete(.prefix("slipway/chaos/"))
        let answered = load.counts.answered
        try await eventually("more operations") { load.counts.answered > answered + 10 }
        running.cancel()
        await running.value
        #expect(try await etcd.range(RangeRequest(.prefix("slipway/chaos/"))).keyValues.isEmpty)
    }
}
