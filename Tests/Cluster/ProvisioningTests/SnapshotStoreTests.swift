import Foundation
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

/// Directories of snapshots.
@Suite struct SnapshotStoreTests {
    private let reference = SnapshotReference(cluster: "demo", name: "base")

    private func with(_ body: (SnapshotStore) throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in try body(SnapshotStore(home: directory)) }
    }

    private func snapshot(_ name: String = "base", made: Int64 = 1) throws -> ClusterSnapshot {
        let node = ObservedNode(
            NodeSpec(cluster: "demo", name: "central-1", role: "central", index: 1),
            power: .running,
            phase: .ready,
        )
        return ClusterSnapshot(
            SnapshotReference(cluster: "demo", name: name),
            made: made,
            frozen: 0.25,
            cidr: .derived(fromCluster: "demo"),
            mode: .nat,
            nodes: [ClusterSnapshot.Node(node, definition: "<domain/>", bytes: 7)],
        )
    }

    private func make(
        _ store: SnapshotStore,
        _ snapshot: ClusterSnapshot,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try store.begin(snapshot.reference)
        try FileManager.default.createDirectory(
            atPath: "\(store.draft(of: snapshot.reference))/central-1",
            withIntermediateDirectories: false,
        )
        // What was copied early and has changed since.
        try FileManager.default.createDirectory(
            atPath: store.pool(of: "central-1", in: snapshot.reference),
            withIntermediateDirectories: false,
        )
        try store.complete(snapshot)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: store.directory(of: snapshot.reference)).count == 2,
            sourceLocation: sourceLocation
        )
    }

    private func names(_ store: SnapshotStore) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(store.path)/demo")) ?? []).sorted()
    }

    @Test func whatIsMadeIsListedByAge() async throws {
        try await with { store in
            #expect(try store.list().isEmpty)
            let (new, old) = (try snapshot("a", made: 2), try snapshot("b", made: 1))
            try make(store, new)
            try make(store, old)
            #expect(try store.list() == [old, new])
            #expect(try store.references().map(\.name) == ["a", "b"])
            for path in ["", "/demo", "/demo/a"] {
                let mode =
                    try FileManager.default.attributesOfItem(atPath: store.path + path)[.posixPermissions] as? Int
                #expect(mode == 0o700, "\(path)")
            }
            #expect(throws: ProviderError.self) { try store.begin(new.reference) }
        }
    }

    @Test func aDraftIsNoSnapshotAndGoesWithTheNext() async throws {
        try await with { store in
            try store.begin(reference)
            #expect(try store.references().isEmpty)
            try store.begin(SnapshotReference(cluster: "demo", name: "other"))
            #expect(names(store) == [".draft-other"])
            try store.abandon(SnapshotReference(cluster: "demo", name: "other"))
            #expect(!FileManager.default.fileExists(atPath: "\(store.path)/demo"))
        }
    }

    @Test func whatIsRemovedLosesItsNameFirst() async throws {
        try await with { store in
            try make(store, try snapshot())
            // As a removal that was killed leaves it.
            try FileManager.default.moveItem(
                atPath: store.directory(of: reference),
                toPath: "\(store.path)/demo/.removed-1"
            )
            #expect(try store.references().isEmpty)
            try make(store, try snapshot("next"))
            #expect(names(store) == ["next"])
            try store.remove(["next", "unknown"], of: "demo")
            #expect(!FileManager.default.fileExists(atPath: "\(store.path)/demo"))
        }
    }

    @Test func aRestoreIsToldOfUntilItsEnd() async throws {
        try await with { store in
            try make(store, try snapshot())
            try store.beginRestore(reference)
            #expect(try store.cutRestores() == [reference])
            try store.endRestore(of: "demo")
            #expect(try store.cutRestores().isEmpty)
            try store.endRestore(of: "demo")
            #expect(names(store) == ["base"])
        }
    }

    @Test func whatItDoesNotKnowIsAnErrorAndMayBeRemoved() async throws {
        try await with { store in
            try make(store, try snapshot())
            let manifest = "\(store.directory(of: reference))/snapshot.json"
            for text in ["", "{\"format\": 1}", "{\"format\": 99, \"nodes\": 5}"] {
                try Data(text.utf8).write(to: URL(filePath: manifest))
                let error = #expect(throws: ProviderError.self) { try store.list() }
                if text.contains("99") {
                    #expect(error?.message.contains("has format 99, and this slipway reads 1") == true)
                }
            }
            try store.remove(["base"], of: "demo")
            #expect(try store.list().isEmpty)
        }
    }

    /// What lies there by hand is none.
    @Test func otherNamesAreLeftAlone() async throws {
        try await with { store in
            for name in ["demo/Base", "demo/..base", "Demo/base"] {
                try FileManager.default.createDirectory(
                    atPath: "\(store.path)/\(name)",
                    withIntermediateDirectories: true
                )
            }
            #expect(try store.list().isEmpty)
            try make(store, try snapshot())
            #expect(names(store) == ["..base", "Base", "base"])
        }
    }
}
