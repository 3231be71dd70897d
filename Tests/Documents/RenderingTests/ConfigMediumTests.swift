import Basics
import Diagnostics
import Foundation
import Planning
import TestKit
import Testing
import TopologyLoading
import TopologyModel

/// What nodes with images from elsewhere are told of themselves.
@Suite struct ConfigMediumTests {
    private static let text = """
        name: demo
        network: {cidr: 10.9.0.0/24}
        defaults: {runtime: vm}
        roles:
          core: {count: 1, etcd: member, image: {name: debian, kind: cloud-init}}
          worker: {count: 1, etcd: proxy, image: debian}
          flatcar: {count: 1, etcd: none, image: {name: flatcar, kind: flatcar}}
          fedora: {count: 1, etcd: none, image: {name: fedora, kind: fedora-coreos}}
        cloud_config: {coreos: {update: {group: beta}}}

        """

    private func plan() throws -> Plan {
        let topology = try TopologyLoader(files: MemoryFiles([:])).load(Self.text, file: "a.yaml").checked()
        var inputs = PlannerInputs.fixed
        for image in topology.roles.compactMap(\.image) { inputs.foreignImages[image] = "digest-of-\(image.words)" }
        return try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: ProviderObservation()))
    }

    private func seed(_ node: String, _ plan: Plan, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
        -> ConfigMedium
    {
        try #require(plan.nodes.first { $0.name == node }, sourceLocation: sourceLocation).configMedium
    }

    @Test func cloudInitAcceptsItsSeed() async throws {
        for node in ["core-1", "worker-1"] {
            guard case .noCloud(let files) = try seed(node, try plan()) else {
                Issue.record("\(node) has another seed")
                return
            }
            #expect(files.keys.sorted() == ["meta-data", "network-config", "user-data"])
            let text = try #require(files["user-data"])
            let python = ["/usr/bin/python3", "-m", "cloudinit.cmd.main", "schema", "--config-file"]
            try await ShippedTopologiesTests.check(text, "cloud-init schema", python)
            #expect(text.contains("/dev/disk/by-id/virtio-layer"))
            #expect(text.contains("install -y --no-install-recommends etcd-server") == (node == "core-1"))
            #expect(text.contains("private \(node)"), "its host key")
            #expect(!text.contains("private cluster"), "what the node's own cloud-config says")
            #expect(files["meta-data"]?.contains("local-hostname: \(node)") == true)
            #expect(files["network-config"]?.contains("version: 2") == true)
        }
    }

    @Test(arguments: [
        ("flatcar-1", "opt/org.flatcar-linux/config"), ("fedora-1", "opt/com.coreos/config"),
    ])
    func ignitionAcceptsItsConfiguration(node: String, name: String) async throws {
        guard case .ignition(let found, let text) = try seed(node, try plan()) else {
            Issue.record("\(node) has another seed")
            return
        }
        #expect(found == name)
        try await ShippedTopologiesTests.check(text, "ignition-validate", ["usr/bin/ignition-validate"])
        #expect(text.contains("ssh-ed25519 AAAAown slipway"))
    }

    @Test func aPlanNamesImagesByTheirDigestsAndFetchesThemOnce() throws {
        let plan = try plan()
        #expect(plan.nodes.map(\.image.root) == ["debian", "debian", "flatcar", "fedora"].map { "digest-of-\($0)" })
        let fetched = plan.steps.compactMap { step in
            if case .fetchImage(let digests, let source) = step.action { "\(source) \(digests.root)" } else { nil }
        }
        #expect(fetched == ["debian", "flatcar", "fedora"].map { "\($0) digest-of-\($0)" })
        #expect(plan.nodes.map(\.runsFleet) == [true, true, false, false])
        #expect(plan.warnings.contains { $0.message.hasPrefix("nodes of role 'fedora' do not get") })
    }

    /// Ignition is read once, cloud-init again for each new instance.
    @Test func aChangeReachesEachNodeInItsWay() throws {
        let loader = TopologyLoader(files: MemoryFiles([:]))
        func digests(_ text: String) throws -> [(base: String, config: String)] {
            let topology = try loader.load(text, file: "a.yaml").checked()
            var inputs = PlannerInputs.fixed
            for image in topology.roles.compactMap(\.image) { inputs.foreignImages[image] = image.words }
            let plan = try Planner(topology: topology, inputs: inputs)
                .plan(from: Observation(provider: ProviderObservation()))
            return plan.nodes.map { ($0.baseDigest, $0.configDigest) }
        }
        let changes = zip(try digests(Self.text), try digests(Self.text.replacing("beta", with: "alpha")))
        #expect(changes.map { $0.base != $1.base } == [false, false, true, true])
        #expect(changes.map { $0.config != $1.config } == [true, true, true, true])
    }

    /// New node programs are none of a node's that Ignition sets up, and more memory needs no new disk.
    @Test func ignitionsNodesLoseNothingToWhatIsNotTheirs() throws {
        let loader = TopologyLoader(files: MemoryFiles([:]))
        func digests(_ text: String, layer: String) throws -> [String: (base: String, config: String)] {
            let topology = try loader.load(text, file: "a.yaml").checked()
            var inputs = PlannerInputs.fixed
            for image in topology.roles.compactMap(\.image) { inputs.foreignImages[image] = image.words }
            inputs.machineImage = ImageDigests(root: "root", layer: layer)
            let plan = try Planner(topology: topology, inputs: inputs)
                .plan(from: Observation(provider: ProviderObservation()))
            return Dictionary(uniqueKeysWithValues: plan.nodes.map { ($0.name, ($0.baseDigest, $0.configDigest)) })
        }
        let before = try digests(Self.text, layer: "old")
        let programs = try digests(Self.text, layer: "new")
        let memory = try digests(Self.text.replacing("runtime: vm", with: "runtime: vm, memory: 3GiB"), layer: "old")
        for node in ["flatcar-1", "fedora-1"] {
            #expect(try #require(programs[node]) == #require(before[node]))
            #expect(memory[node]?.base == before[node]?.base)
            #expect(memory[node]?.config != before[node]?.config)
        }
        #expect(programs["core-1"]?.config != before["core-1"]?.config)
        #expect(programs["core-1"]?.base == before["core-1"]?.base)
    }

    @Test func anImageThatIsNowhereIsSaid() throws {
        let topology = try TopologyLoader(files: MemoryFiles([:])).load(Self.text, file: "a.yaml").checked()
        let planner = Planner(topology: topology, inputs: PlannerInputs.fixed)
        let error = #expect(throws: (any Error).self) {
            try planner.plan(from: Observation(provider: ProviderObservation()))
        }
        #expect("\(error, default: "")".contains("role 'fedora' asks for image 'fedora', which is not on this host"))
    }
}
