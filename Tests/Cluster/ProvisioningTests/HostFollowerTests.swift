import Basics
import Etcd
import FleetState
import Planning
import Provisioning
import Synchronization
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// What is seen of clusters as they change.
@Suite(.timeLimit(.minutes(5))) struct HostFollowerTests {
    /// Looks as they come, and the newest.
    private final class Looks: Sendable {
        private let latest = Mutex(HostLook())

        var demo: ClusterLook? { latest.withLock { $0.clusters["demo"] } }
        var trouble: String? { latest.withLock { $0.trouble } }
        var names: [String] { latest.withLock { $0.clusters.keys.sorted() } }

        func take(_ look: HostLook) { latest.withLock { $0 = look } }

        func wait(_ what: String, _ isThere: @escaping @Sendable (Looks) -> Bool) async throws {
            try await eventually(within: .seconds(30), what) { isThere(self) }
        }
    }

    private struct World {
        let provider: FakeProvider
        let leases = FakeLeases()
        let keys = FakeEtcd()
        let nodes: [NodePlan]
        let looks = Looks()
    }

    /// Follows a cluster of one member and one worker that is up.
    private func with(
        wanted: Set<String>? = nil,
        _ body: (World) async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let provider = FakeProvider()
        let cluster = await FakeCluster(provider: provider)
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation)),
            roles: [Role(name: "central", count: 1, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
            units: [],
        )
        let nothing = Observation(provider: ProviderObservation())
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: nothing)
        let nodes = plan.nodes
        cluster.know(nodes)
        try await provider.createNetwork(try #require(plan.network, sourceLocation: sourceLocation))
        let image = NodeImagePaths(root: "/root", layer: "/layer")
        for node in nodes {
            try await provider.allocate(node, image: image)
            try await provider.define(node, image: image)
            try await provider.start(NodeReference(node))
            try await provider.setPhase(.ready, of: NodeReference(node))
        }
        let world = World(provider: provider, nodes: nodes)
        var intervals = HostFollower.Intervals()
        // What is not told by an event is not to be seen in a test.
        intervals.host = .seconds(3_600)
        intervals.etcd = .milliseconds(20)
        intervals.unrest = .milliseconds(20)
        intervals.rest = .milliseconds(1)
        intervals.run = .seconds(3_600)
        let follower = HostFollower(
            provider: provider,
            leases: world.leases,
            wanted: wanted,
            intervals: intervals
        ) { [keys = world.keys] _, _ in
            HostFollower.Client(keys: keys, members: cluster.etcd([])) { _ in false }
        }
        let task = Task { [looks = world.looks] in await follower.run { looks.take($0) } }
        do {
            try await body(world)
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test func theFirstLookHasNodesEtcdAndFleet() async throws {
        try await with { world in
            try await world.looks.wait("all is seen") { $0.demo?.isAsked == true && $0.demo?.fleet != nil }
            let look = try #require(world.looks.demo)
            #expect(look.observation.provider.nodes(of: "demo").map(\.name) == ["central-1", "worker-1"])
            #expect(look.observation.etcd?.hasQuorum == true)
            #expect(look.leader == "central-1")
            #expect(look.lease == nil)
        }
    }

    @Test func aNodeThatDiesIsSeenByItsEvent() async throws {
        try await with { world in
            try await world.looks.wait("all is seen") { $0.demo?.isAsked == true }
            let worker = try #require(world.nodes.last)
            await world.provider.crash(NodeReference(worker))
            try await world.looks.wait("the worker is off") {
                $0.demo?.observation.provider.nodes.last?.power == .off
            }
            // The only member: nobody is left to be asked, and what fleet said last stays.
            await world.provider.crash(NodeReference(world.nodes[0]))
            try await world.looks.wait("etcd is silent") {
                $0.demo?.isAsked == true && $0.demo?.observation.etcd == nil
            }
            #expect(world.looks.demo?.fleet != nil)
            try await world.provider.start(NodeReference(world.nodes[0]))
            try await world.looks.wait("etcd is back") { $0.demo?.observation.etcd?.hasQuorum == true }
        }
    }

    @Test func fleetIsSeenByItsWatch() async throws {
        try await with { world in
            try await world.looks.wait("all is seen") { $0.demo?.fleet != nil }
            let registry = FleetRegistry(etcd: world.keys)
            let file = try UnitFile(parsing: "[Service]\nExecStart=/bin/true\n")
            try await registry.create(unit: "web.service", file, target: .launched)
            try await world.looks.wait("the unit is seen") { $0.demo?.observation.fleet?.units["web.service"] != nil }
            // A watch that nothing came through since is no reason to read all anew.
            #expect(world.keys.watches == 1)
        }
    }

    @Test func howFarACommandIsIsSeenByItsEvents() async throws {
        try await with { world in
            try await world.looks.wait("the cluster is seen") { $0.demo != nil }
            var lease = LeaseRecord(cluster: "demo", id: "1", holder: "ann@east", lock: "", time: 1000)
            #expect(try await world.leases.create(lease))
            try await world.looks.wait("the lease is seen") { $0.demo?.lease?.holder == "ann@east" }
            lease.progress = RunProgress(steps: 7, ended: 3)
            #expect(try await world.leases.renew(lease))
            try await world.looks.wait("it is seen") { $0.demo?.lease?.progress?.ended == 3 }
            try await world.leases.remove(lease)
            try await world.looks.wait("its end is seen") { $0.demo != nil && $0.demo?.lease == nil }
        }
    }

    @Test func whatIsNotWantedIsNotShown() async throws {
        try await with(wanted: ["other"]) { world in
            await world.provider.crash(NodeReference(world.nodes[0]))
            #expect(world.looks.names == [])
        }
    }

    @Test func aHostThatDoesNotAnswerIsTrouble() async throws {
        try await with { world in
            try await world.looks.wait("all is seen") { $0.demo != nil }
            await world.leases.setAway(true)
            await world.provider.crash(NodeReference(world.nodes[1]))
            try await world.looks.wait("the trouble is told") {
                $0.trouble?.contains("libvirt does not answer") == true
            }
            // What was seen stays.
            #expect(world.looks.demo != nil)
            await world.leases.setAway(false)
            try await world.provider.start(NodeReference(world.nodes[1]))
            try await world.looks.wait("the trouble is over") { $0.trouble == nil }
        }
    }
}
