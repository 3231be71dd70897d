import Basics
import CloudConfig
import Planning
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// Whole plans of the topologies that come with the project, in the situations that people meet.
@Suite struct PlanStoryTests {
    /// A cluster that was brought up, with everything as its topology says.
    private func running(
        _ topology: Topology,
        inputs: PlannerInputs = .fixed,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Simulation {
        var cluster = Simulation()
        cluster.apply(try Planner(topology: topology, inputs: inputs).plan(from: cluster.observed))
        #expect(cluster.faults == [], sourceLocation: sourceLocation)
        return cluster
    }

    private func scaled(
        _ topology: Topology,
        _ role: String,
        to count: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Topology {
        var topology = topology
        let index = try #require(topology.roles.firstIndex { $0.name == role }, sourceLocation: sourceLocation)
        topology.roles[index].count = count
        return topology
    }

    private static func inputs(root: String? = nil, layer: String? = nil) -> PlannerInputs {
        var inputs = PlannerInputs.fixed
        inputs.image = ImageDigests(root: root ?? inputs.image.root, layer: layer ?? inputs.image.layer)
        return inputs
    }

    // MARK: The shipped topologies

    @Test func laptop() throws {
        let topology = try Fixture.shipped("laptop")
        var story = PlanStory("laptop: one machine that does everything")
        story.chapter("Nothing exists yet", topology, .nothing)
        let able = ProviderObservation(machineHost: VMHost(hasVirtualization: true, offersKVM: true))
        story.chapter("Nothing exists yet, and the host has KVM", topology, Observation(provider: able))
        let bare = ProviderObservation(noMachines: "QEMU is not installed")
        story.chapter("Nothing exists yet, and the host has no QEMU", topology, Observation(provider: bare))
        var cluster = try running(topology)
        story.chapter("Everything is as the file says", topology, cluster.observed)
        story.chapter("The root image changed", topology, cluster.observed, inputs: Self.inputs(root: "other-r00t"))
        story.chapter("The only member is rebooted", topology, cluster.observed, roll: Roll())
        cluster.disturb("core-1") { $0.power = .off }
        story.chapter("The node is powered off", topology, cluster.observed)
        cluster.lose("core-1")
        story.chapter("The node was removed by hand", topology, cluster.observed)
        try Golden.expect(story.text, "laptop.txt")
    }

    @Test func devTest() throws {
        let topology = try Fixture.shipped("dev-test")
        var story = PlanStory("dev-test: one etcd member, and workers that come and go")
        let first = story.chapter("Nothing exists yet", topology, .nothing)
        var half = Simulation()
        half.apply(try #require(first), first: 3)
        story.chapter("`up` was killed after three steps", topology, half.observed)
        try story.tearDown(
            "`up` was killed after three steps, and the cluster is taken down",
            "dev-test",
            half.observed
        )
        var cluster = try running(topology)
        story.chapter("Everything is as the file says", topology, cluster.observed)
        story.chapter("Two workers more", try scaled(topology, "worker", to: 4), cluster.observed)
        story.chapter("One worker fewer", try scaled(topology, "worker", to: 1), cluster.observed)
        story.chapter("From one member to three", try scaled(topology, "etcd", to: 3), cluster.observed)
        var fewer = topology
        fewer.units.removeFirst()
        fewer.units[0].desiredState = .inactive
        story.chapter("A unit fewer, and another is not to run", fewer, cluster.observed)
        var moved = topology
        moved.network.cidr = try #require(CIDRv4("10.99.0.0/24"))
        story.chapter("The file names another network", moved, cluster.observed)
        cluster.disturb("worker-1") { $0.power = .off }
        cluster.disturb("worker-2") { $0.hasStorage = false }
        story.chapter("A worker is powered off, and another's storage is gone", topology, cluster.observed)
        cluster.disturb("etcd-1") { $0.power = .off }
        story.chapter("Every node is powered off: the host was restarted", topology, cluster.observed)
        try story.tearDown("The cluster is taken down", "dev-test", cluster.observed)
        try Golden.expect(story.text, "dev-test.txt")
    }

    @Test func production() throws {
        let topology = try Fixture.shipped("production")
        var story = PlanStory("production: three members and two workers")
        story.chapter("Nothing exists yet", topology, .nothing)
        let cluster = try running(topology)
        story.chapter("Everything is as the file says", topology, cluster.observed)
        story.chapter("The root image changed", topology, cluster.observed, inputs: Self.inputs(root: "other-r00t"))
        story.chapter("The node programs changed", topology, cluster.observed, inputs: Self.inputs(layer: "other"))
        var configured = topology
        configured.cloudConfig.sshAuthorizedKeys.append("ssh-ed25519 AAAAcolleague")
        story.chapter("The cloud-config changed", configured, cluster.observed)
        var virtual = topology
        virtual.roles[1].runtime = .vm
        story.chapter("The workers are to be virtual machines", virtual, cluster.observed)
        story.chapter("From three members to five", try scaled(topology, "central", to: 5), cluster.observed)
        story.chapter("From three members to one", try scaled(topology, "central", to: 1), cluster.observed)
        story.chapter("Every node is rebooted", topology, cluster.observed, roll: Roll())
        let workers = Roll(roles: ["worker"], atOnce: 2)
        story.chapter("The workers are rebooted, two at a time", topology, cluster.observed, roll: workers)
        try story.tearDown("The cluster is taken down", "production", cluster.observed)
        try Golden.expect(story.text, "production.txt")
    }

    // MARK: Recovery

    @Test func recovery() throws {
        let topology = try Fixture.shipped("production")
        var story = PlanStory("production, when members fail")
        func broken(_ title: String, _ harm: (inout Simulation) -> Void) throws {
            var cluster = try running(topology)
            harm(&cluster)
            story.chapter(title, topology, cluster.observed)
        }
        try broken("One member of three is powered off") { $0.disturb("central-2") { $0.power = .off } }
        try broken("One member of three is gone, with its data") { $0.lose("central-2") }
        try broken("One member's domain is gone, and its data are there") {
            $0.disturb("central-2") { $0.hasDomain = false }
        }
        try broken("Two members of three are powered off") { cluster in
            for name in ["central-1", "central-2"] { cluster.disturb(name) { $0.power = .off } }
        }
        try broken("Two members of three are gone, with their data") { cluster in
            for name in ["central-1", "central-2"] { cluster.lose(name) }
        }
        try broken("One member is gone, and one of the others is powered off") { cluster in
            cluster.lose("central-1")
            cluster.disturb("central-2") { $0.power = .off }
        }
        try broken("All nodes are powered off") { cluster in
            for node in cluster.observed.provider.nodes { cluster.disturb(node.name) { $0.power = .off } }
        }
        try broken("A member runs and is not healthy, and a worker was being removed") { cluster in
            cluster.disturb("central-3") { $0.phase = .started }
            cluster.disturb("worker-1") { $0.phase = .leaving }
        }
        try Golden.expect(story.text, "recovery.txt")
    }

    /// The same losses, once as the file says by default and once with `repair: automatic`.
    @Test func repair() throws {
        var story = PlanStory("production, of which nodes are lost for good")
        func lost(
            _ title: String,
            _ topology: Topology? = nil,
            _ harm: (inout Simulation) -> Void,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            var topology = try topology ?? Fixture.shipped("production")
            for repair in RepairPolicy.allCases {
                topology.repair = repair
                var cluster = try running(topology)
                harm(&cluster)
                let plan = story.chapter("\(title); repair: \(repair.rawValue)", topology, cluster.observed)
                guard repair == .automatic, let plan, !plan.isEmpty else { continue }
                cluster.apply(plan)
                #expect(cluster.faults == [], sourceLocation: sourceLocation)
                story.chapter("\(title); after that", topology, cluster.observed)
            }
        }
        func loseDisk(_ name: String, _ cluster: inout Simulation) {
            cluster.disturb(name) { ($0.hasStorage, $0.power) = (false, .off) }
        }
        try lost("The disks of a member and of both workers are gone") { cluster in
            for name in ["central-2", "worker-1", "worker-2"] { loseDisk(name, &cluster) }
        }
        try lost("etcd's data on a member are gone") { $0.spoil("central-3") }
        try lost("The disks of two of three members are gone") { cluster in
            for name in ["central-1", "central-2"] { loseDisk(name, &cluster) }
        }
        try lost("The disks of two of five members are gone", scaled(Fixture.shipped("production"), "central", to: 5)) {
            cluster in for name in ["central-1", "central-2"] { loseDisk(name, &cluster) }
        }
        try lost("The record of a worker that is off is damaged") { cluster in
            cluster.disturb("worker-1") { node in
                (node.hasStorage, node.power) = (false, .off)
                node.obstacle = .damaged(path: "/h/clusters/production/worker-1/node.json", reason: "it is empty")
            }
        }
        try Golden.expect(story.text, "repair.txt")
    }

    @Test func replacing() throws {
        let topology = try Fixture.shipped("production")
        var story = PlanStory("production, of which nodes are replaced")
        func replaced(
            _ title: String,
            _ names: Set<String>,
            _ topology: Topology,
            _ harm: (inout Simulation) -> Void = { _ in }
        ) throws {
            var cluster = try running(topology)
            harm(&cluster)
            var inputs = PlannerInputs.fixed
            inputs.replaced = names
            story.chapter(title, topology, cluster.observed, inputs: inputs)
        }
        try replaced("A member that does not answer", ["central-2"], topology) { $0.spoil("central-2") }
        try replaced("A member that is well, on a new image", ["central-2"], topology)
        try replaced("A worker", ["worker-1"], topology)
        try replaced("A member, while one of the others is powered off", ["central-2"], topology) { cluster in
            cluster.spoil("central-2")
            cluster.disturb("central-3") { $0.power = .off }
        }
        try replaced("Two members at once", ["central-1", "central-2"], topology)
        try replaced("A node that there is not", ["central-4", "worker-1"], topology)
        try replaced("The only member", ["central-1"], scaled(topology, "central", to: 1))
        try replaced("One of two members, whose data are broken", ["central-1"], scaled(topology, "central", to: 2)) {
            $0.spoil("central-1")
        }
        try Golden.expect(story.text, "replacing.txt")
    }

    // MARK: Certificates and discovery

    @Test func certificates() throws {
        var topology = try Fixture.shipped("dev-test")
        topology.etcd.tls = true
        topology.docker.tls = true
        let inputs = PlannerInputs.fixedWithCertificates()
        var story = PlanStory("dev-test with TLS")
        story.chapter("Nothing exists yet", topology, .nothing, inputs: inputs)
        var cluster = try running(topology, inputs: inputs)
        story.chapter("Everything is as the file says", topology, cluster.observed, inputs: inputs)
        let renewing = PlannerInputs.fixedWithCertificates(renews: true)
        let renewal = story.chapter("Certificates are renewed", topology, cluster.observed, inputs: renewing)
        let late = PlannerInputs.fixedWithCertificates(now: 1_795_694_400 + 5 * 365 * 86_400)
        story.chapter("Certificates have run out", topology, cluster.observed, inputs: late)
        cluster.apply(try #require(renewal), first: 3)
        story.chapter("A renewal was interrupted", topology, cluster.observed, inputs: inputs)
        let plain = try Fixture.shipped("dev-test")
        let running = try running(plain)
        story.chapter("TLS is asked for of a cluster without", topology, running.observed, inputs: inputs)
        story.chapter("Certificates are renewed of a cluster without", plain, running.observed, inputs: renewing)
        try Golden.expect(story.text, "certificates.txt")
    }

    @Test func discovery() throws {
        var topology = try Fixture.shipped("production")
        topology.etcd.bootstrap = .discovery
        var inputs = PlannerInputs.fixed
        inputs.discoveryToken = "0123"
        var story = PlanStory("production, whose members meet under a token")
        story.chapter("Nothing exists yet", topology, .nothing, inputs: inputs)
        story.chapter("Everything is as the file says", topology, try running(topology).observed, inputs: inputs)
        topology.etcd.discovery = "https://discovery.example/abc"
        story.chapter("Nothing exists yet, and the token is the user's", topology, .nothing)
        try Golden.expect(story.text, "discovery.txt")
    }

    // MARK: Obstacles

    @Test func obstacles() throws {
        let topology = try Fixture.shipped("dev-test")
        var story = PlanStory("dev-test, and what stands in its way")
        func refused(_ title: String, _ host: ProviderObservation) {
            story.chapter(title, topology, Observation(provider: host))
        }
        refused(
            "A domain and a network of others have the names",
            ProviderObservation(
                networks: [Self.network("slipway.dev-test", "192.168.5.0/24")],
                foreignDomains: ["dev-test.worker-1"],
            ),
        )
        refused(
            "Another network has the addresses",
            ProviderObservation(networks: [Self.network("lab", "10.71.0.0/16")])
        )
        let route = HostRoute(destination: try #require(CIDRv4("10.71.2.0/25")), interface: "wg0")
        refused("A route of the host has the addresses", ProviderObservation(hostRoutes: [route]))
        refused("There can be no containers", ProviderObservation(noContainers: "this connection has no LXC"))
        try Golden.expect(story.text, "obstacles.txt")
    }

    private static func network(_ name: String, _ cidr: String) -> ObservedNetwork {
        ObservedNetwork(name: name, cluster: nil, cidr: CIDRv4(cidr), mode: .nat, bridge: "virbr7", active: true)
    }

    // MARK: What nodes are given

    /// The bytes of the cloud-config of one node of each role.
    @Test(arguments: ["laptop", "dev-test", "production", "tls", "discovery", "flannel"])
    func userData(name: String) throws {
        var topology = try Fixture.shipped(["tls", "discovery", "flannel"].contains(name) ? "production" : name)
        if name == "tls" { (topology.etcd.tls, topology.docker.tls) = (true, true) }
        if name == "discovery" { topology.etcd.bootstrap = .discovery }
        if name == "flannel" {
            (topology.etcd.tls, topology.flannel) = (true, FlannelSettings(backend: .hostGateway))
            topology.network.names = true
        }
        var inputs = PlannerInputs.fixedWithCertificates()
        inputs.discoveryToken = "0123"
        let nodes = try Planner(topology: topology, inputs: inputs).plan(from: .nothing).nodes
        for node in nodes where node.index == 1 {
            try Golden.expect(node.userData, "user-data/\(name).\(node.name).yaml")
        }
    }

    /// How a member that joins is told of the others.
    @Test func userDataOfALaterMember() throws {
        let topology = try Fixture.shipped("dev-test")
        let grown = try scaled(topology, "etcd", to: 3)
        let nodes = try Fixture.plan(grown, try running(topology).observed).nodes
        let node = try #require(nodes.first { $0.name == "etcd-2" })
        try Golden.expect(node.userData, "user-data/joining.etcd-2.yaml")
    }
}
