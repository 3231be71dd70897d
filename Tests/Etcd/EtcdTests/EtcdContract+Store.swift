import Etcd
import TestKit
import Testing

extension EtcdContract {
    static func values(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let key = prefix + "ä b/\"c\""
        #expect(try await etcd.get(key) == nil)
        let first = try await etcd.put(key, "eins\n")
        let second = try await etcd.put(key, "")
        let value = try #require(try await etcd.get(key))
        #expect(value.text == "" && value.version == 2)
        #expect(value.createRevision == first && value.modRevision == second && second == first + 1)
        #expect(value.lease == nil)
        #expect(try await etcd.delete(.key(key)) == 1)
        #expect(try await etcd.delete(.key(key)) == 0)
    }

    static func ranges(_ etcd: any EtcdClient, _ prefix: String) async throws {
        for key in ["b", "a", "c/1"] { try await etcd.put(prefix + key, key) }
        let after = try await etcd.put(prefix + "d", "d")
        let all = try await etcd.range(RangeRequest(.prefix(prefix)))
        #expect(all.keyValues.map(\.text) == ["a", "b", "c/1", "d"])
        #expect(all.revision == after && all.count == 4)
        let some = try await etcd.range(RangeRequest(.prefix(prefix), limit: 2, keysOnly: true))
        #expect(some.keyValues.map(\.key) == [prefix + "a", prefix + "b"])
        #expect(some.keyValues.map(\.text) == ["", ""] && some.count == 4)
        let past = try await etcd.range(RangeRequest(.prefix(prefix), revision: after - 1))
        #expect(past.keyValues.count == 3)
        #expect(try await etcd.delete(.prefix(prefix)) == 4)
    }

    static func preconditions(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let (key, other) = (prefix + "k", prefix + "o")
        let create = Transaction(
            if: [.missing(key)],
            then: [.put(key, "1"), .put(other, "2"), .range(RangeRequest(.prefix(prefix)))],
            else: [.range(RangeRequest(.key(key)))],
        )
        let made = try await etcd.commit(create)
        #expect(made.succeeded && made.ranges.first?.keyValues.map(\.text) == ["1", "2"])
        #expect(made.ranges.first?.revision == made.revision)
        let again = try await etcd.commit(create)
        #expect(!again.succeeded && again.revision == made.revision)
        #expect(again.ranges.first?.keyValues.map(\.text) == ["1"])
        let value = try #require(try await etcd.get(key))
        let swap = Transaction(if: [.unchanged(value), .exists(other)], then: [.put(key, "3"), .delete(other)])
        #expect(try await etcd.commit(swap).results == [.put, .delete(count: 1)])
        #expect(try await etcd.commit(swap).succeeded == false)
    }

    static func comparisons(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let key = prefix + "k"
        let lease = try await etcd.grantLease(ttl: 30)
        let revision = try await etcd.put(key, "m", lease: lease.id)
        let cases: [(Comparison, Bool)] = [
            (.value(key, is: "m"), true), (.value(key, is: "n"), false),
            (Comparison(key, .notEqual, .value([])), true), (Comparison(key, .less, .value([0x6e])), true),
            (.value(prefix + "missing", is: ""), false), (Comparison(key, .equal, .createRevision(revision)), true),
            (Comparison(key, .greater, .modRevision(revision)), false), (Comparison(key, .less, .version(2)), true),
            (Comparison(key, .equal, .lease(lease.id)), true), (Comparison(key, .equal, .lease(LeaseID(1))), false),
            (.exists(prefix + "missing"), false), (.missing(prefix + "missing"), true),
        ]
        for (comparison, holds) in cases {
            let answer = try await etcd.commit(Transaction(if: [comparison], then: []))
            #expect(answer.succeeded == holds, "\(comparison)")
        }
        try await etcd.revoke(lease.id)
    }

    static func refusals(_ etcd: any EtcdClient, _ prefix: String) async throws {
        await expect(.notFound) { try await etcd.put(prefix + "k", "v", lease: LeaseID(7)) }
        let twice = Transaction(then: [.put(prefix + "k", "1"), .put(prefix + "k", "2")])
        await expect(.refused) { _ = try await etcd.commit(twice) }
        let many = (0...Transaction.maximumOperations).map { Operation.put(prefix + "\($0)", "") }
        await expect(.refused) { _ = try await etcd.commit(Transaction(then: many)) }
        #expect(try await etcd.range(RangeRequest(.prefix(prefix))).keyValues.isEmpty)
    }

    static func leases(_ etcd: any EtcdClient, _ prefix: String) async throws {
        let lease = try await etcd.grantLease(ttl: 60)
        #expect(lease.ttl == 60)
        try await etcd.put(prefix + "k", "v", lease: lease.id)
        #expect(try await etcd.get(prefix + "k")?.lease == lease.id)
        #expect(try await etcd.keepAlive(lease.id)?.ttl == 60)
        try await etcd.revoke(lease.id)
        try await etcd.revoke(lease.id)
        #expect(try await etcd.get(prefix + "k") == nil)
        #expect(try await etcd.keepAlive(lease.id) == nil)
    }

    private static func expect(
        _ code: EtcdError.Code,
        _ body: () async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) async {
        let error = await #expect(throws: EtcdError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}
