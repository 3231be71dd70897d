import Etcd
import Synchronization
import TestKit
import Testing

@testable import Provisioning

/// Upkeep of a real etcd whose database may have 4 MiB.
@Suite struct EtcdUpkeepTests {
    private static let quota = 4 << 20
    private static let value = String(repeating: "x", count: 128 << 10)

    /// Writes one key again and again, until etcd takes no more.
    private func fill(_ client: EtcdHTTPClient, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let refusal = await #expect(throws: EtcdError.self, sourceLocation: sourceLocation) {
            for _ in 0..<100 { try await client.put("/big", Self.value) }
        }
        try #require(refusal?.code == .refused, "\(String(describing: refusal))", sourceLocation: sourceLocation)
        try #require("\(try #require(refusal))".contains("database space exceeded"), sourceLocation: sourceLocation)
    }

    private func upkeep(_ client: EtcdHTTPClient, keeping kept: Int64) -> (EtcdUpkeep, said: Said) {
        let said = Said()
        return (EtcdUpkeep(client, keeping: kept) { said.add($0) }, said)
    }

    private final class Said: Sendable {
        private let storage = Mutex<[String]>([])

        var lines: [String] { storage.withLock { $0 } }
        func add(_ line: String) { storage.withLock { $0.append(line) } }
    }

    @Test func aFullEtcdTakesWritesAgain() async throws {
        try await RealEtcd.with(members: 3, quota: Self.quota) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            try await fill(client)
            // An alarm is none of a majority's business.
            for url in etcd.clientURLs { #expect(try await client.health(of: url)) }
            #expect(Set(try await client.alarms().map(\.kind)) == [.noSpace])
            let leader = etcd.members[try await etcd.leader()].name

            let (upkeep, said) = upkeep(client, keeping: 0)
            let report = try await upkeep.run()
            #expect(try await client.alarms() == [])
            try await client.put("/big", "small")
            #expect(report.members.map(\.name).sorted() == ["m0", "m1", "m2"])
            #expect(report.members.last?.name == leader, "\(report)")
            #expect(report.members.allSatisfy { $0.sizeAfter < $0.sizeBefore / 4 }, "\(report)")
            #expect(!report.disarmed.isEmpty)
            #expect(said.lines.filter { $0.hasPrefix("defragmenting ") }.count == 3)
        }
    }

    /// What is left still fills it: the database was once allowed to be larger.
    @Test func tooLittleRoomIsSaid() async throws {
        try await RealEtcd.with(quota: 4 * Self.quota) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for number in 0..<60 { try await client.put("/\(number)", Self.value) }
            try await etcd.restart(0, quota: Self.quota)
            try await fill(client)
            let error = await #expect(throws: ProvisioningError.self) {
                try await upkeep(client, keeping: 1000).0.run()
            }
            #expect(error?.message.hasPrefix("etcd still takes no writes") == true, "\(String(describing: error))")
            #expect(error?.hints == ["delete keys that are not needed any more, or run this again with --keep 0"])
            try await client.delete(.prefix("/"))
            let report = try await upkeep(client, keeping: 0).0.run()
            #expect(report.disarmed == ["m0"])
            try await client.put("/big", "small")
        }
    }

    @Test func nothingIsDoneWhileAMemberIsAway() async throws {
        try await RealEtcd.with(members: 3) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for number in 0..<5 { try await client.put("/key", "\(number)") }
            let first = try await client.range(RangeRequest(.key("/key"))).revision - 4
            // Without a leader none would be well.
            let away = try await etcd.follower()
            etcd.kill(away)
            let error = await #expect(throws: ProvisioningError.self) { try await upkeep(client, keeping: 0).0.run() }
            #expect(error?.message == "not all members are well: m\(away)")
            let old = try await client.range(RangeRequest(.key("/key"), revision: first))
            #expect(old.keyValues.first?.text == "0")
        }
    }

    @Test func theLastRevisionsStay() async throws {
        try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for number in 0..<5 { try await client.put("/key", "\(number)") }
            let last = try await client.range(RangeRequest(.key("/key"))).revision
            let report = try await upkeep(client, keeping: 2).0.run()
            #expect(report.compactedTo == last - 2)
            let kept = try await client.range(RangeRequest(.key("/key"), revision: last - 2))
            #expect(kept.keyValues.first?.text == "2")
            let error = await #expect(throws: EtcdError.self) {
                try await client.range(RangeRequest(.key("/key"), revision: last - 3))
            }
            #expect(error?.code == .compacted)
            // Again, there is nothing to forget.
            #expect(try await upkeep(client, keeping: 1000).0.run().compactedTo == nil)
        }
    }
}
