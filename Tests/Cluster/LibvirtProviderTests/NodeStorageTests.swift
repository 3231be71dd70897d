import Foundation
import Planning
import Provisioning
import Testing
import TopologyModel

@testable import LibvirtProvider

@Suite struct NodeStorageTests {
    private let node = Samples.node()
    private var reference: NodeReference { NodeReference(node) }

    private func with(_ body: (NodeStorage) throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in try body(NodeStorage(home: directory)) }
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func makesWhatANodeNeeds() async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            let directory = storage.directory(of: reference)
            #expect(directory.hasSuffix("/clusters/prod/central-1"))
            #expect(try text("\(directory)/upper/etc/machine-id") == "\(node.machineID)\n")
            #expect(try text("\(directory)/upper/etc/hostname") == "central-1\n")
            #expect(try text("\(directory)/config/openstack/latest/user_data") == node.userData)
            let metaData = try text("\(directory)/config/openstack/latest/meta_data.json")
            #expect(metaData.contains("\"hostname\" : \"central-1\"") && metaData.contains(node.uuid))
            for name in ["work", "docker"] {
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(name)") == [])
            }
        }
    }

    /// Whatever was written when the process was killed, the next run makes it whole, and removal leaves nothing.
    @Test(arguments: ["", "upper", "upper/etc", "work", "config/openstack/latest", "docker"])
    func completesWhatIsHalfMade(part: String) async throws {
        try await with { storage in
            try storage.makeDirectory("\(storage.directory(of: reference))/\(part)")
            #expect(try storage.list().entries.map(\.content) == [nil])
            try storage.create(node, image: Samples.paths("/srv"))
            #expect(try storage.list().entries.map(\.content?.record.name) == ["central-1"])
            try storage.forget(reference)
            #expect(try storage.list().entries.map(\.content) == [nil])
            try storage.delete(reference)
            #expect(try storage.list() == .init(entries: [], emptyClusters: ["prod"]))
            try storage.delete(reference)
            try storage.deleteCluster("prod")
            #expect(try storage.list() == .init(entries: [], emptyClusters: []))
        }
    }

    @Test func keepsDataUnlessTheBaseChanges() async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            let data = "\(storage.directory(of: reference))/upper/data"
            try storage.write(Data("kept".utf8), to: data)
            var changed = Samples.node(config: "changed")
            changed.userData = "#cloud-config\n"
            try storage.create(changed, image: Samples.paths("/srv"))
            #expect(try text(data) == "kept")
            let seed = "\(storage.directory(of: reference))/config/openstack/latest/user_data"
            #expect(try text(seed) == changed.userData)
            try storage.create(Samples.node(base: "changed"), image: Samples.paths("/srv"))
            #expect(try storage.contents(of: data) == nil)
        }
    }

    /// A run that dies while it gives a node a new configuration leaves the node, and what it has.
    @Test func aNewConfigurationThatFailsLosesNothing() async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            let before = try storage.content(of: reference)
            let seed = "\(storage.directory(of: reference))/config/openstack/latest/user_data"
            try FileManager.default.removeItem(atPath: seed)
            // No file can take its place.
            try storage.makeDirectory("\(seed)/x")
            let changed = Samples.node(config: "changed")
            #expect(throws: ProviderError.self) { try storage.create(changed, image: Samples.paths("/srv")) }
            #expect(try storage.content(of: reference) == before)
            try FileManager.default.removeItem(atPath: seed)
            try storage.create(changed, image: Samples.paths("/srv"))
            #expect(try storage.content(of: reference)?.record.configDigest == "changed")
        }
    }

    /// A machine whose seed is gone is configured anew, on the disk it has; one without a disk is no more.
    @Test(arguments: [
        (["disk", "seed"], true, "config"), (["disk", "ignition"], true, "config"), (["disk"], true, ""),
        (["seed"], false, "config"), ([], false, "config"),
    ])
    func storageOfAMachine(kinds: [String], hasStorage: Bool, digest: String) throws {
        let machine = Samples.node(runtime: .vm)
        let record = NodeRecord(machine, phase: .ready, definition: "")
        let domain = SeenDomain(name: machine.domainName, power: .running, record: record)
        let volumes = try kinds.map { kind in
            Volumes.name(try #require(Volumes.Kind.allCases.first { "\($0)" == kind }), of: NodeReference(machine))
        }
        let node = try #require(LibvirtProvider.nodes(domains: [domain], entries: [], volumes: volumes).first)
        #expect(node.hasStorage == hasStorage)
        #expect(node.configDigest == digest)
    }

    @Test func passesOverWhatIsNoNodes() async throws {
        try await with { storage in
            try storage.makeDirectory("\(storage.clusters)/prod/ssh")
            try storage.write(Data(), to: "\(storage.clusters)/prod/lock")
            #expect(try storage.list() == .init(entries: [], emptyClusters: ["prod"]))
        }
    }

    @Test func takesAnUnreadableRecordForNone() async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            try storage.write(Data("{".utf8), to: "\(storage.directory(of: reference))/\(NodeStorage.recordName)")
            #expect(try storage.list().entries.map(\.content) == [nil])
        }
    }
}
