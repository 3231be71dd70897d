import Foundation
import Planning
import Provisioning
import TestKit
import Testing

@testable import LibvirtProvider

/// Nodes' directories that are kept and put back.
@Suite struct NodeSnapshotTests {
    private let node = Samples.node()
    private let copy = TreeCopy(isCancelled: { false })
    private var reference: NodeReference { NodeReference(node) }

    private func with(_ body: (NodeStorage, _ kept: String) throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let storage = NodeStorage(home: directory)
            try storage.create(node, image: Samples.paths("/srv"))
            try body(storage, "\(directory)/kept")
        }
    }

    private func data(_ storage: NodeStorage) -> String { "\(storage.directory(of: reference))/upper/data" }

    private func hidden(_ storage: NodeStorage) throws -> [String] {
        try storage.names(in: "\(storage.clusters)/prod").filter { $0.hasPrefix(".") }
    }

    @Test func aNodeIsAsItWas() async throws {
        try await with { storage, kept in
            try storage.write(Data("before".utf8), to: data(storage))
            _ = try storage.save(reference, to: kept, by: copy)
            try storage.write(Data("after".utf8), to: data(storage))
            let before = try storage.content(of: reference)
            try storage.stage(reference, from: kept, by: copy)
            // Nothing has changed so far, and nobody takes it for a node.
            #expect(try storage.contents(of: data(storage)) == Data("after".utf8))
            #expect(try storage.list().entries.map(\.name.text) == ["central-1"])
            #expect(try storage.list().strays.isEmpty)
            try storage.place(reference)
            #expect(try storage.contents(of: data(storage)) == Data("before".utf8))
            #expect(try storage.content(of: reference) == before)
            #expect(try hidden(storage) == [".replaced", ".staged"])
            try storage.removeReplaced(of: "prod")
            #expect(try hidden(storage).isEmpty)
        }
    }

    /// Killed between the two names, there is no node, and the same again puts it there.
    @Test func whatWasCutShortIsDoneAgain() async throws {
        try await with { storage, kept in
            try storage.write(Data("before".utf8), to: data(storage))
            _ = try storage.save(reference, to: kept, by: copy)
            for _ in 1...2 {
                try storage.stage(reference, from: kept, by: copy)
                let replaced = "\(storage.clusters)/prod/.replaced"
                try storage.makeDirectory(replaced)
                try storage.remove("prod", ".replaced", "central-1")
                try FileManager.default.moveItem(
                    atPath: storage.directory(of: reference),
                    toPath: "\(replaced)/central-1"
                )
                #expect(!storage.exists(reference))
                try storage.stage(reference, from: kept, by: copy)
                try storage.place(reference)
                #expect(try storage.contents(of: data(storage)) == Data("before".utf8))
            }
        }
    }

    @Test func whatIsNotWholeIsNotKept() async throws {
        try await with { storage, kept in
            try storage.forget(reference)
            #expect(throws: ProviderError.self) { try storage.save(reference, to: kept, by: copy) }
            #expect(throws: ProviderError.self) { try storage.place(reference) }
        }
    }

    /// `down` takes what a restore left that was cut short.
    @Test func aClusterGoesWithWhatWasStaged() async throws {
        try await with { storage, kept in
            _ = try storage.save(reference, to: kept, by: copy)
            try storage.stage(reference, from: kept, by: copy)
            try storage.delete(reference)
            #expect(try storage.list().emptyClusters == ["prod"])
            try storage.deleteCluster("prod")
            #expect(try storage.list() == .init(entries: [], emptyClusters: []))
        }
    }
}
