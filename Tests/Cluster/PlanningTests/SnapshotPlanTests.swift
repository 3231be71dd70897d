import Basics
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel

/// Plans that put a cluster back to a snapshot, and what snapshots mean for others.
@Suite struct SnapshotPlanTests {
    private let reference = SnapshotReference(cluster: "demo", name: "base")

    /// The nodes of a topology, ready.
    private func nodes(_ topology: Topology) throws -> [ObservedNode] {
        try Fixture.plan(topology).nodes.map { ObservedNode($0) }
    }

    private func seen(_ nodes: [ObservedNode]) -> ProviderObservation {
        let cidr = Fixture.topology().network.cidr
        let network = ObservedNetwork(
            name: "slipway-demo",
            cluster: "demo",
            cidr: cidr,
            mode: .nat,
            bridge: "sw-demo",
            active: true
        )
        return ProviderObservation(nodes: nodes, networks: [network])
    }

    private func snapshot(_ nodes: [ObservedNode]) -> ClusterSnapshot {
        ClusterSnapshot(
            reference,
            made: 1_795_968_312,
            frozen: 0.3,
            cidr: Fixture.topology().network.cidr,
            mode: .nat,
            nodes: nodes.map { ClusterSnapshot.Node($0, definition: "<domain/>", bytes: 1 << 20) },
        )
    }

    private func restore(_ snapshot: ClusterSnapshot, over provider: ProviderObservation) throws -> Plan {
        try Planner.restore(snapshot, over: Observation(provider: provider, images: Set(snapshot.images)))
    }

    @Test func allLoseTheirPowerBeforeOneIsPutBack() throws {
        let nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        let plan = try restore(snapshot(nodes), over: seen(nodes))
        #expect(
            plan.outline == """
                node/central-1/stage: the cluster runs on meanwhile
                node/worker-1/stage: the cluster runs on meanwhile
                snapshot/begin: from here on it is done to its end < node/central-1/stage node/worker-1/stage
                node/central-1/off [restarts]: all are put back at once < snapshot/begin
                node/worker-1/off [restarts]: all are put back at once < snapshot/begin
                node/central-1/place [destroys]: what it wrote since is lost < node/central-1/off node/worker-1/off
                node/worker-1/place [destroys]: what it wrote since is lost < node/central-1/off node/worker-1/off
                node/central-1/start: it ran < node/central-1/place node/worker-1/place
                node/worker-1/start: it ran < node/central-1/place node/worker-1/place
                snapshot/finish: all nodes are in place < node/central-1/place node/worker-1/place
                etcd/quorum: the members find each other < node/central-1/start
                node/central-1/ready: it was put back < node/central-1/start etcd/quorum
                node/worker-1/ready: it was put back < node/worker-1/start

                """
        )
        #expect(plan.notes.first?.contains("2026-11-29T16:05:12Z ('base')") == true)
        #expect(plan.nodes.map(\.address) == nodes.compactMap(\.address))
    }

    @Test func whatCameLaterGoes() throws {
        let before = try nodes(Fixture.topology(members: 1, workers: 1))
        let now = try nodes(Fixture.topology(members: 1, workers: 2))
        let plan = try restore(snapshot(before), over: seen(now))
        let step = try #require(plan.step("node/worker-2/remove"))
        #expect(step.cost == .destroys)
        #expect(Set(step.needs) == ["node/central-1/off", "node/worker-1/off", "node/worker-2/off"])
        #expect(plan.step("node/central-1/start")?.needs.contains("node/worker-2/remove") == true)
        #expect(plan.notes.contains("worker-2 came later, and go."))
    }

    @Test func whatIsGoneComesBack() throws {
        let nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        let plan = try restore(snapshot(nodes), over: ProviderObservation())
        #expect(!plan.isDestructive)
        #expect(plan.step("network/create")?.needs == ["snapshot/begin"])
        #expect(plan.step("node/worker-1/start")?.needs.contains("network/create") == true)
        #expect(!plan.ids.contains { $0.hasSuffix("/off") })
    }

    @Test func aNodeThatWasOffStaysOff() throws {
        var nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        nodes[1].power = .off
        let plan = try restore(snapshot(nodes), over: seen(nodes))
        #expect(plan.step("node/worker-1/place") != nil)
        #expect(plan.step("node/worker-1/start") == nil && plan.step("node/worker-1/ready") == nil)
    }

    @Test func itIsRefusedWithoutTheImage() throws {
        let nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        let error = #expect(throws: DiagnosticsError.self) {
            try Planner.restore(snapshot(nodes), over: Observation(provider: seen(nodes)))
        }
        #expect(error?.diagnostics.first?.message == "the image of central-1, worker-1 is not on this host any more")
    }

    @Test func itIsRefusedWhereAnotherHasTheNetwork() throws {
        let nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        var provider = seen([])
        provider.networks[0].cluster = "other"
        let error = #expect(throws: DiagnosticsError.self) { try restore(snapshot(nodes), over: provider) }
        #expect(error?.diagnostics.first?.message.contains("overlaps with that of cluster 'other'") == true)
    }

    /// Some nodes may be of one time and some of another.
    @Test func nothingElseIsDoneWithAClusterThatIsHalfPutBack() throws {
        let topology = Fixture.topology(members: 1, workers: 1)
        var provider = seen(try nodes(topology))
        provider.cutRestores = [reference]
        let observed = Observation(provider: provider, images: [Fixture.image])
        let error = #expect(throws: DiagnosticsError.self) { try Fixture.plan(topology, observed) }
        #expect(error?.diagnostics.first?.notes.contains("give it again: slipway snapshot restore demo base") == true)
        #expect(Planner.snapshotObstacles("demo", observed: provider).count == 1)
        let report = StatusReport(observed, cluster: "demo")
        #expect(report.cutRestore == "base" && !report.isWell)
        let again = try restore(snapshot(provider.nodes), over: provider)
        #expect(again.notes.contains("The cluster was being put back to 'base' when that was cut short."))
        // It may be given up.
        #expect(try Planner.tearDown("demo", observed: provider).step("node/central-1/remove") != nil)
    }

    @Test func snapshotsGoWithTheCluster() throws {
        var provider = seen(try nodes(Fixture.topology(members: 1, workers: 1)))
        provider.snapshots = [reference, SnapshotReference(cluster: "other", name: "x")]
        let step = try #require(try Planner.tearDown("demo", observed: provider).step("snapshots/remove"))
        #expect(step.action == .snapshot(.remove(cluster: "demo", names: ["base"])))
        #expect(step.cost == .destroys)
        let keeping = try Planner.tearDown("demo", observed: provider, keepsSnapshots: true)
        #expect(keeping.step("snapshots/remove") == nil)
        provider.nodes = []
        provider.networks = []
        #expect(try Planner.tearDown("demo", observed: provider).ids == ["snapshots/remove"])
    }

    @Test func machinesAreRefusedWithAnotherWay() throws {
        var nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        nodes[1].runtime = .vm
        let finding = try #require(Planner.snapshotObstacles("demo", observed: seen(nodes)).first)
        #expect(finding.message == "worker-1: VMs, and snapshots are of containers only")
        #expect(finding.notes.first?.hasSuffix("slipway backup demo") == true)
    }

    @Test func aClusterThatIsNotWholeIsRefused() throws {
        var nodes = try nodes(Fixture.topology(members: 1, workers: 1))
        #expect(Planner.snapshotObstacles("demo", observed: seen(nodes)).isEmpty)
        nodes[0].hasStorage = false
        #expect(Planner.snapshotObstacles("demo", observed: seen(nodes)).count == 1)
    }
}
