import Etcd
import TestKit
import Testing

extension EtcdContract {
    static func watch(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let start = try await etcd.range(RangeRequest(.prefix(prefix))).revision
        async let seen = collect(etcd.watch(.prefix(prefix), from: start + 1), 5)
        let lease = try await etcd.grantLease(ttl: 60)
        try await etcd.put(prefix + "a", "1", lease: lease.id)
        try await etcd.put(prefix.dropLast() + "outside", "-")
        try await etcd.put(prefix + "a", "2", lease: lease.id)
        try await etcd.delete(.key(prefix + "a"))
        try await etcd.put(prefix + "b", "3", lease: lease.id)
        try await etcd.revoke(lease.id)
        #expect(try await seen.map(text) == ["a=1", "a=2", "a deleted", "b=3", "b deleted"].map { prefix + $0 })
    }

    static func watchPast(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let first = try await etcd.put(prefix + "a", "1")
        try await etcd.put(prefix + "b", "2")
        let seen = try await collect(etcd.watch(.prefix(prefix), from: first), 2)
        #expect(seen.map(\.revision) == [first, first + 1])
        #expect(seen.map(text) == [prefix + "a=1", prefix + "b=2"])
        let single = try await collect(etcd.watch(.key(prefix + "b"), from: first), 1)
        #expect(single.map(text) == [prefix + "b=2"])
    }

    static func watchAtomic(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let start = try await etcd.range(RangeRequest(.prefix(prefix))).revision
        let puts = (0..<Transaction.maximumOperations).map { Operation.put(prefix + "\(1000 + $0)", "x") }
        _ = try await etcd.commit(Transaction(then: puts))
        for try await batch in etcd.watch(.prefix(prefix), from: start + 1) {
            #expect(batch.events.count == puts.count)
            break
        }
        try await etcd.delete(.prefix(prefix))
    }

    private static func collect(_ watch: EtcdWatch, _ count: Int) async throws -> [KeyEvent] {
        var events: [KeyEvent] = []
        for try await batch in watch {
            events += batch.events
            if events.count >= count { break }
        }
        return events
    }

    private static func text(_ event: KeyEvent) -> String {
        switch event {
        case .put(let keyValue): "\(keyValue.key)=\(keyValue.text)"
        case .delete(let key, _): "\(key) deleted"
        }
    }
}
