import Foundation
import Planning
import Provisioning
import TestKit
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
            let address = "\"local_ipv4\":\"\(node.address)\",\"public_ipv4\":\"\(node.address)\""
            #expect(metaData == "{\"hostname\":\"central-1\",\(address),\"uuid\":\"\(node.uuid)\"}\n")
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

    /// What the node wrote is gone with its `upper`; what it starts from can be written again.
    @Test(arguments: [
        ("upper", true, false), ("upper/etc", true, false), ("work", false, true), ("config", false, true),
        ("config/openstack/latest/user_data", false, true), ("docker", false, true),
    ])
    func whatIsMissingOfANode(_ part: String, _ isGone: Bool, _ isIncomplete: Bool) async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            let whole = try #require(try storage.list().entries.first)
            #expect(whole.content != nil && !whole.isIncomplete)
            try FileManager.default.removeItem(atPath: "\(storage.directory(of: reference))/\(part)")
            let entry = try #require(try storage.list().entries.first)
            #expect((entry.content == nil) == isGone && entry.isIncomplete == isIncomplete)
            try storage.create(node, image: Samples.paths("/srv"))
            #expect(try storage.list().entries.first == whole)
        }
    }

    /// A machine whose seed is gone is configured anew, on the disk it has; one without a disk is no more.
    @Test(arguments: [
        (["disk", "config"], true, "config"), (["disk", "ignition"], true, "config"), (["disk"], true, ""),
        (["config"], false, "config"), ([], false, "config"),
    ])
    func storageOfAMachine(kinds: [String], hasStorage: Bool, digest: String) throws {
        let machine = Samples.node(runtime: .vm)
        let record = NodeRecord(machine, phase: .ready, definition: "")
        let domain = SeenDomain(name: machine.domainName, power: .running, record: record)
        let volumes = try kinds.map { kind in
            Volumes.name(try #require(Volumes.Kind.allCases.first { "\($0)" == kind }), of: NodeReference(machine))
        }
        let storage = NodeStorage(home: "/home")
        let image = "image-\(String(repeating: "0", count: 64)).qcow2"
        let pool = SeenPool(isThere: true, volumes: volumes + [image])
        let seen = LibvirtProvider.nodes(domains: [domain], entries: [], pool: pool, storage: storage)
        let node = try #require(seen.first)
        #expect(node.hasStorage == hasStorage && node.obstacle == nil)
        #expect(node.configDigest == digest)
    }

    /// A pool that does not show its images does not show its disks either.
    @Test(arguments: [
        SeenPool(), SeenPool(isForeign: true), SeenPool(isInactive: true), SeenPool(isThere: true, volumes: ["other"]),
    ])
    func aPoolThatIsAwayIsNoLoss(pool: SeenPool) throws {
        let machine = Samples.node(runtime: .vm)
        func seen(_ phase: NodePhase) -> ObservedNode? {
            let record = NodeRecord(machine, phase: phase, definition: "")
            let domain = SeenDomain(name: machine.domainName, power: .off, record: record)
            let storage = NodeStorage(home: "/home")
            return LibvirtProvider.nodes(domains: [domain], entries: [], pool: pool, storage: storage).first
        }
        guard case .poolAway? = seen(.ready)?.obstacle else {
            Issue.record("the disk counts as gone")
            return
        }
        #expect(seen(.leaving)?.obstacle == nil, "a removal that was cut short goes on")
    }

    /// etcd makes the rest of its directory again before it finds that it has no log.
    @Test func aMemberWithoutItsLogIsSeen() async throws {
        try await with { storage in
            let member = Samples.node()
            try storage.create(member, image: Samples.paths("/srv"))
            let home = "\(storage.directory(of: reference))/upper/var/lib/etcd2"
            func lacksLog() throws -> Bool? { try storage.list().entries.first?.lacksEtcdLog }
            #expect(try lacksLog() == false, "etcd never ran on it")
            try storage.makeDirectory("\(home)/member/wal")
            try storage.write(Data("0".utf8), to: "\(home)/member/wal/0.wal")
            #expect(try lacksLog() == false)
            try FileManager.default.removeItem(atPath: "\(home)/member/wal")
            try storage.makeDirectory("\(home)/member/snap")
            #expect(try lacksLog() == true)
        }
    }

    @Test func passesOverWhatIsNoNodes() async throws {
        try await with { storage in
            try storage.makeDirectory("\(storage.clusters)/prod/ssh")
            try storage.write(Data(), to: "\(storage.clusters)/prod/lock")
            #expect(try storage.list() == .init(entries: [], emptyClusters: ["prod"]))
        }
    }

    /// What is not a cluster's directory is left alone, and said.
    @Test func passesOverStrays() async throws {
        try await with { storage in
            try storage.makeClusterDirectory("prod")
            try storage.makeDirectory("\(storage.clusters)/lost+found")
            try storage.write(Data(), to: "\(storage.clusters)/.DS_Store")
            try storage.write(Data(), to: "\(storage.clusters)/tarball")
            let strays = [".DS_Store", "lost+found", "tarball"].map { "\(storage.clusters)/\($0)" }
            #expect(try storage.list() == .init(entries: [], emptyClusters: ["prod"], strays: strays))
        }
    }

    /// Not read is not gone: neither is it listed as remains, nor is it made anew.
    @Test(arguments: ["", "{", "{}", "null", #"{"record":{"phase":"hibernating"}}"#])
    func anUnreadableRecordIsNoAbsence(text: String) async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            let data = "\(storage.directory(of: reference))/upper/data"
            try storage.write(Data("kept".utf8), to: data)
            let path = "\(storage.directory(of: reference))/\(NodeStorage.recordName)"
            try storage.write(Data(text.utf8), to: path)
            let error = #expect(throws: ProviderError.self) {
                try storage.create(Samples.node(base: "changed"), image: Samples.paths("/srv"))
            }
            #expect(error?.description.contains(path) == true)
            #expect(try self.text(data) == "kept")
            let entries = try storage.list().entries
            let domain = SeenDomain(
                name: node.domainName,
                power: .running,
                record: NodeRecord(node, phase: .ready, definition: ""),
                directory: storage.directory(of: reference),
            )
            for domains in [[domain], []] {
                let seen = LibvirtProvider.nodes(domains: domains, entries: entries, storage: storage)
                switch seen.first?.obstacle {
                // Valid JSON may be another version's record.
                case .unreadable(path, _)?: #expect(text.hasPrefix("{") && text.hasSuffix("}"))
                case .damaged(path, _)?: #expect(!text.hasSuffix("}"))
                default: Issue.record("\(seen) has no obstacle")
                }
            }
        }
    }

    /// A container that another home's run made: its directory is there, and not here.
    @Test func aNodeOfAnotherHomeIsNotGone() async throws {
        try await with { storage in
            let other = NodeStorage(home: "\(storage.home)/other")
            try other.create(node, image: Samples.paths("/srv"))
            func obstacle(_ directory: String, seenFrom storage: NodeStorage) -> StorageObstacle? {
                let record = NodeRecord(node, phase: .ready, definition: "")
                let domain = SeenDomain(
                    name: node.domainName,
                    power: .running,
                    record: record,
                    directory: directory
                )
                return LibvirtProvider.nodes(domains: [domain], entries: [], storage: storage).first?.obstacle
            }
            let directory = other.directory(of: reference)
            #expect(obstacle(directory, seenFrom: storage) == .elsewhere(directory: directory, home: other.home))
            #expect(obstacle(directory, seenFrom: other) == nil)
            // The same home by way of a link.
            let link = NodeStorage(home: "\(storage.home)/link")
            try FileManager.default.createSymbolicLink(atPath: link.home, withDestinationPath: other.home)
            #expect(obstacle(directory, seenFrom: link) == nil)
        }
    }

    /// No one of the host gets at nodes' files; the node's own users get at its root.
    @Test(arguments: [0o022, 0o077, 0o000] as [UInt32])
    func modesDoNotDependOnTheUmask(mask: UInt32) async throws {
        try await with { storage in
            try UmaskThread.run(mask) { try storage.create(node, image: Samples.paths("/srv")) }
            let directory = storage.directory(of: reference)
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            for path in [storage.clusters, "\(storage.clusters)/prod"] { #expect(try mode(path) == 0o700, "\(path)") }
            let open = [
                "upper", "upper/etc", "work", "docker", "config", "config/openstack", "config/openstack/latest",
            ]
            for name in open { #expect(try mode("\(directory)/\(name)") == 0o755, "\(name)") }
            #expect(try mode("\(directory)/upper/etc/hostname") == 0o644)
            #expect(try mode("\(directory)/config/openstack/latest/user_data") == 0o600)
        }
    }

    /// A version before left it open, or the umask closed it: the next run mends it.
    @Test func modesAreMended() async throws {
        try await with { storage in
            try storage.create(node, image: Samples.paths("/srv"))
            let upper = "\(storage.directory(of: reference))/upper"
            try storage.makeDirectory(storage.clusters, permissions: 0o755)
            try storage.makeDirectory(upper, permissions: 0o750)
            try storage.create(node, image: Samples.paths("/srv"))
            for (path, mode) in [(storage.clusters, 0o700), (upper, 0o755)] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == mode)
            }
        }
    }
}

/// A thread with a umask of its own: the process's would be that of other tests as well.
enum UmaskThread {
    static func run(_ mask: UInt32, _ body: @escaping () throws -> Void) throws {
        nonisolated(unsafe) var result: Result<Void, any Error> = .success(())
        nonisolated(unsafe) let body = body
        let done = DispatchSemaphore(value: 0)
        Thread {
            result = Result {
                // unshare(2) with CLONE_FS, which Swift's Glibc leaves out.
                typealias Unshare = @convention(c) (CInt) -> CInt
                guard let symbol = dlsym(nil, "unshare"), unsafeBitCast(symbol, to: Unshare.self)(0x200) == 0 else {
                    throw POSIXError(.EPERM)
                }
                umask(mask)
                try body()
            }
            done.signal()
        }.start()
        done.wait()
        try result.get()
    }
}
