import Foundation
import Images
import NodeBoot
import Planning
import Provisioning
import TestKit
import Testing
import TopologyLoading
import TopologyModel
import UnitFiles

@testable import LibvirtProvider

/// Clusters of the shipped topologies as the programs of commit 44aa652 made them, found by the programs of today.
///
/// `Golden/44aa652` holds what that commit wrote and what it read: the domains and networks in libvirt, each node's
/// `node.json`, the hashes of the units in fleet, and the topologies. It was recorded once, with `PlannerInputs.fixed`,
/// and never changes. What a node is given is in its record as a digest, so that one byte more would be a restart.
@Suite struct AdoptionTests {
    static let clusters = ["laptop", "dev-test", "production"]

    private static let recording = Golden.directory().appending(path: "44aa652")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: recording.appending(path: path), encoding: .utf8)
    }

    /// The topology, with the defaults of that time written out: plain TCP for fleet's API and Docker's.
    private func topology(_ cluster: String) throws -> Topology {
        let path = Self.recording.appending(path: "\(cluster).yaml").path(percentEncoded: false)
        let text = try Self.text("\(cluster).yaml")
            .replacing("docker:\n  tcp: true\n", with: "docker:\n  tcp: true\n  insecure: true\n")
        var topology = try TopologyLoader().load(text, file: path).checked()
        (topology.fleet.tcp, topology.fleet.insecure) = (true, true)
        return topology
    }

    /// The running cluster, by way of the directory that its nodes' records are laid out in.
    private func observed(
        _ cluster: String,
        _ topology: Topology,
        _ storage: NodeStorage,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) throws -> Observation {
        let folder = Self.recording.appending(path: cluster).path(percentEncoded: false)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let domains = try files.filter { $0.hasSuffix(".xml") && $0 != "network.xml" }.map { file in
            let name = String(file.dropLast(4))
            let directory = "\(storage.clusters)/\(cluster)/\(name)"
            for part in ["upper/etc", "work", "docker", "config/openstack/latest"] {
                try storage.makeDirectory("\(directory)/\(part)")
            }
            for file in ["user_data", "meta_data.json"] {
                try storage.write(Data(), to: "\(directory)/config/openstack/latest/\(file)")
            }
            let record = "\(directory)/\(NodeStorage.recordName)"
            try storage.write(Data(Self.text("\(cluster)/\(name).json").utf8), to: record)
            let xml = try Self.text("\(cluster)/\(file)")
                .replacing("/var/lib/slipway/clusters", with: storage.clusters)
            let metadata = try #require(
                try XMLReader.read(xml).first("metadata")?.children.first,
                sourceLocation: sourceLocation,
            )
            return try SeenDomain(
                name: "\(cluster).\(name)",
                power: .running,
                record: NodeRecord(metadata),
                xml: xml,
                autostart: true,
            ).read()
        }
        let nodes = LibvirtProvider.nodes(domains: domains, entries: try storage.list().entries, storage: storage)
        let network = try ObservedNetwork(xml: Self.text("\(cluster)/network.xml"), active: true)
        let members = nodes.filter { $0.etcd == .member }.map { node in
            ObservedEtcd.Member(id: node.name, name: node.name, peerURLs: [node.peerURL ?? ""], healthy: true)
        }
        return Observation(
            provider: ProviderObservation(nodes: nodes, networks: [network]),
            etcd: ObservedEtcd(members: members, clusterIDs: ["c1a5"]),
            fleet: try fleet(cluster, nodes),
            images: [PlannerInputs.fixed.image],
        )
    }

    private func fleet(_ cluster: String, _ nodes: [ObservedNode]) throws -> ObservedFleet {
        let machines = nodes.map { Identity.machineID(cluster: cluster, node: $0.name) }
        let units = try Self.text("\(cluster)/units.txt").split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            let state = try #require(TargetState(rawValue: words[2]))
            let states = Dictionary(uniqueKeysWithValues: machines.map { ($0, "active") })
            return ObservedFleet.Unit(name: words[0], hash: words[1], desiredState: state, states: states)
        }
        return ObservedFleet(
            machines: Set(machines),
            units: Dictionary(uniqueKeysWithValues: units.map { ($0.name, $0) }),
            deployed: Set(units.map(\.name)),
        )
    }

    private func plan(
        _ cluster: String,
        _ change: (inout Topology) -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation,
    ) async throws -> Plan {
        var topology = try topology(cluster)
        change(&topology)
        return try await TemporaryDirectory.with { [topology] home in
            let observed = try observed(cluster, topology, NodeStorage(home: home))
            #expect(
                observed.provider.nodes.allSatisfy { $0.hasStorage && $0.obstacle == nil },
                sourceLocation: sourceLocation,
            )
            return try Planner(topology: topology, inputs: .fixed).plan(from: observed)
        }
    }

    @Test(arguments: clusters)
    func nothingIsToBeDone(_ cluster: String) async throws {
        let plan = try await plan(cluster)
        #expect(plan.steps.map { "\($0.id): \($0.reason)" } == [])
        #expect(plan.nodes.count > 0)
    }

    /// fleet's API has no TCP port any more unless the file asks for one. Nodes restart for that, and keep their data.
    @Test(arguments: clusters)
    func whatWasChangedOnPurposeIsARestart(_ cluster: String) async throws {
        let plan = try await plan(cluster) { $0.fleet = FleetSettings(machineTTLSeconds: $0.fleet.machineTTLSeconds) }
        let changes = plan.steps.filter { $0.cost != .none }
        #expect(changes.map(\.cost) == Array(repeating: .restarts, count: plan.nodes.count))
        #expect(Set(changes.map(\.reason)) == ["its cloud-config or resources changed"])
    }

    /// Its nodes get another root and other programs with what they hold, and go back by themselves, though what they ran
    /// until then knew nothing of a choice.
    @Test(arguments: clusters)
    func itsNodesAreUpgradedAndKnowTheWayBack(_ cluster: String) async throws {
        let topology = try topology(cluster)
        try await TemporaryDirectory.with { home in
            let storage = NodeStorage(home: home)
            var observed = try observed(cluster, topology, storage)
            let (old, new) = (PlannerInputs.fixed.image, ImageDigests(root: "n3w", layer: "2ayer"))
            var inputs = PlannerInputs.fixed
            (inputs.image, observed.images) = (new, [old, new])
            for image in [old, new] {
                try storage.makeDirectory("\(storage.images)/root/\(image.root)")
                try storage.makeDirectory("\(storage.images)/layer/\(image.layer)")
            }
            let plan = try Planner(topology: topology, inputs: inputs)
                .upgrade(Upgrade(to: .root(new.root)), from: observed)
            #expect(plan.steps.allSatisfy { $0.cost != .destroys })
            let upgrades = plan.steps.compactMap {
                if case .upgradeNode(let upgrade) = $0.action { upgrade } else { nil }
            }
            #expect(upgrades.count == plan.nodes.count)
            for upgrade in upgrades {
                var node = upgrade.node
                node.trial = ImageTrial(fallback: upgrade.fallback, within: .seconds(60))
                let directory = storage.directory(of: NodeReference(node))
                let kept = "\(directory)/upper/etc/mark"
                try storage.write(Data(node.name.utf8), to: kept)
                try storage.makeDirectory("\(directory)/upper/usr/share/installed")
                let paths = NodeImagePaths(root: "\(storage.images)/root/n3w", layer: "\(storage.images)/layer/2ayer")
                try storage.create(node, image: paths)
                var booted: [String] = []
                for time in 1...3 {
                    let choice = BootChoice.make(node: directory, images: storage.images, at: time) {
                        Issue.record("\(node.name): \($0)")
                    }
                    booted.append(choice.map { "\($0.root) \($0.layer)" } ?? "none")
                    // What was installed on a root is there with that root alone.
                    #expect(storage.isDirectory("\(directory)/upper/usr/share/installed") == (time > 1))
                    #expect(try storage.contents(of: kept) == Data(node.name.utf8))
                }
                let names = [new, old, old].map {
                    "\(storage.images)/root/\($0.root) \(storage.images)/layer/\($0.layer)"
                }
                #expect(booted == names)
            }
        }
    }

    /// The definition of a domain is the same but for its metadata, and for the host's images, of which nodes of that time
    /// did not choose.
    @Test(arguments: clusters)
    func domainsAreDefinedAsTheyWere(_ cluster: String) async throws {
        for node in try await plan(cluster).nodes {
            let xml = try Self.text("\(cluster)/\(node.name).xml")
            let recorded = try #require(
                try XMLReader.read(xml).first("metadata")?.children.first.flatMap { NodeRecord($0) }
            )
            let definition = DomainXML(
                node: node,
                image: NodeImagePaths(root: "/srv/root", layer: "/srv/layer"),
                directory: "/var/lib/slipway/clusters/\(cluster)/\(node.name)",
                images: "/var/lib/slipway/images",
                dialect: .lxc(emulator: "/usr/lib/libvirt/libvirt_lxc"),
            )
            var document = definition.document(metadata: nil)
            let devices = try #require(document.children.firstIndex { $0.name == "devices" })
            let images = try #require(
                document.children[devices].children.firstIndex {
                    $0.first("target")?["dir"] == NodeContract.imagesTarget
                }
            )
            document.children[devices].children.remove(at: images)
            #expect(String(sha256Hex(document.rendered()).prefix(16)) == recorded.definition)
        }
    }
}
