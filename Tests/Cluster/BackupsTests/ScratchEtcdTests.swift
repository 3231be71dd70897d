import Etcd
import FleetState
import Foundation
import RebootLock
import TestKit
import Testing

@testable import Backups

/// Snapshots of a real etcd, restored into another.
@Suite struct ScratchEtcdTests {
    private static let programs = Result { try EtcdPrograms.find(roots: []) }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        try await TemporaryDirectory.with(body)
    }

    /// - Returns: path of the snapshot.
    private func save(_ client: EtcdHTTPClient, _ directory: String) async throws -> String {
        let path = "\(directory)/snapshot.db"
        try await SnapshotFile.write(path) { take in
            try await client.snapshot(of: client.endpoints[0], within: .seconds(60), take)
        }
        return path
    }

    /// As a power cut leaves them: one of three, which cannot go on by itself.
    @Test func onesDataAreEnough() async throws {
        let programs = try Self.programs.get()
        try await RealEtcd.with(members: 3) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for number in 1...20 { try await client.put("/key/\(number)", "\(number)") }
            let port = etcd.members[0].clientPort
            #expect(await Loopback.http("PUT", port: port, path: "/v2/keys/old?value=two")?.status == 201)
            let revision = try await client.range(RangeRequest(.prefix(""))).revision
            // That an entry was agreed on is written along with the next.
            try await client.put("/last", "")
            // Nobody is known to have it all but the leader.
            let leader = try await etcd.leader()
            for index in 0..<3 { etcd.kill(index) }
            try await withDirectory { directory in
                let data = "\(directory)/data"
                try FileManager.default.copyItem(atPath: etcd.data(of: leader), toPath: data)
                try await ScratchEtcd.with(data: data, programs: programs) { scratch in
                    let contents = try await scratch.contents()
                    #expect([(revision, 20), (revision + 1, 21)].contains { $0 == contents }, "\(contents)")
                    #expect(try await scratch.client.legacyKeys()?.map(\.key) == ["/old"])
                    #expect(try await scratch.client.members().count == 1)
                }
                try Data("no database".utf8).write(to: URL(filePath: "\(data)/member/snap/db"))
                let error = await #expect(throws: BackupError.self) {
                    try await ScratchEtcd.with(data: data, programs: programs) { _ in }
                }
                #expect(
                    error.map { "\($0)" }?.hasSuffix("failed to open database: invalid database") == true,
                    "\(String(describing: error))"
                )
            }
        }
    }

    @Test func holdsWhatTheOtherHeld() async throws {
        let programs = try Self.programs.get()
        try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for number in 1...40 { try await client.put("/key/\(number)", String(repeating: "x", count: 4000)) }
            try await client.delete(.key("/key/40"))
            try await withDirectory { directory in
                let path = try await save(client, directory)
                let revision = try await client.range(RangeRequest(.prefix(""))).revision
                try await ScratchEtcd.with(snapshot: path, in: directory, programs: programs) { scratch in
                    let contents = try await scratch.contents()
                    #expect(contents == (revision, 39))
                    try await scratch.client.put("/new", "yes")
                    try await scratch.save(to: "\(directory)/second.db", within: .seconds(60))
                }
                let second = "\(directory)/second.db"
                try await ScratchEtcd.with(snapshot: second, in: directory, programs: programs) { scratch in
                    let found = try await scratch.client.get("/new")
                    #expect(found?.text == "yes")
                }
                let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                #expect(left == ["second.db", "snapshot.db"])
            }
        }
    }

    @Test func aSnapshotThatWasChangedIsRefused() async throws {
        let programs = try Self.programs.get()
        try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            try await client.put("/key", "value")
            try await withDirectory { directory in
                let path = try await save(client, directory)
                var bytes = try Data(contentsOf: URL(filePath: path))
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: URL(filePath: path))
                await #expect(throws: BackupError.self) {
                    try await ScratchEtcd.with(snapshot: path, in: directory, programs: programs) { _ in }
                }
            }
        }
    }

    @Test func legacyKeysComeBack() async throws {
        typealias Key = EtcdHTTPClient.LegacyKey
        let keys = [
            Key(key: "/app", value: nil, ttl: 500), Key(key: "/app/b c/ü", value: "one\n&two=%"),
            Key(key: "/app/a", value: "", ttl: 300), Key(key: "/empty", value: nil),
        ]
        let kept = try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for key in keys { try await client.putLegacy(key) }
            return try await client.legacyKeys()
        }
        let first = try #require(kept)
        #expect(first.map(\.key) == keys.map(\.key) && first.map(\.value) == keys.map(\.value))
        for (found, key) in zip(first, keys) {
            // What is left of it, on a host that may have much to do.
            guard let ttl = key.ttl else {
                #expect(found.ttl == nil)
                continue
            }
            #expect(((ttl - 60)...ttl).contains(found.ttl ?? 0), "\(found)")
        }
        try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            for key in first { try await client.putLegacy(key) }
            let again = try await client.legacyKeys()
            #expect(again?.map(\.key) == keys.map(\.key))
        }
        try await RealEtcd.with(servesV2: false) { etcd in
            let none = try await EtcdHTTPClient.patient(etcd.clientURLs).legacyKeys()
            #expect(none == nil)
        }
    }

    @Test func machinesOfAnotherNameAreOthers() async throws {
        let etcd = FakeEtcd()
        let keys = Keyspace()
        let semaphore = #"{"semaphore":0,"max":1,"holders":["old1"]}"#
        let lock = "coreos.com/updateengine/rebootlock/semaphore"
        let before = [
            keys.machine("old1"): "{}", keys.engine: "old1", keys.state("a.service", on: "old1"): "{}",
            keys.unit("a.service"): "[Service]", keys.desired("a.service"): "launched",
            keys.schedule("a.service"): "old1", keys.schedule("b.service"): "gone",
            keys.drain("old1"): "", keys.drain("gone"): "", keys.metadata("old1", "zone"): "west", lock: semaphore,
            "/app": "mine",
        ]
        for (key, text) in before { try await etcd.put(key, text) }
        try await RestoredKeys(machines: ["old1": "new1"]).apply(to: etcd)
        let all = try await etcd.range(RangeRequest(.prefix(""))).keyValues
        #expect(
            Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0.text) }) == [
                keys.unit("a.service"): "[Service]", keys.desired("a.service"): "launched",
                keys.schedule("a.service"): "new1", keys.drain("new1"): "", keys.metadata("new1", "zone"): "west",
                lock: #"{"semaphore":1,"max":1,"holders":null}"#, "/app": "mine",
            ]
        )
        let legacy = try RestoredKeys.legacy([
            .init(key: "/" + lock, value: semaphore), .init(key: "/app", value: "mine"),
        ])
        #expect(legacy.map(\.value) == [#"{"semaphore":1,"max":1,"holders":null}"#, "mine"])
    }
}
