import CloudConfig
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel

/// Nodes that are only told of another root.
@Suite struct StagingTests {
    private static let old = RootVersion(digest: "aaaaaaaa1", made: 1_795_824_000)
    private static let new = RootVersion(digest: "bbbbbbbb2", made: 1_796_000_000)

    private static func inputs(_ roots: [RootVersion] = [old, new]) -> PlannerInputs {
        var inputs = Fixture.inputs
        inputs.image = ImageDigests(root: roots.last?.digest ?? "r00t", layer: "1ayer")
        inputs.roots = roots
        return inputs
    }

    /// A cluster of this version on the old root; `change` is done to what each node says of its images.
    private func made(
        _ topology: Topology,
        _ change: (String, inout ObservedBoot) -> Void = { _, _ in },
    ) throws -> Simulation {
        var simulation = Simulation()
        simulation.apply(try Planner(topology: topology, inputs: Self.inputs([Self.old])).plan(from: .nothing))
        simulation.addImages([Self.old, Self.new].map { ImageDigests(root: $0.digest, layer: "1ayer") })
        for node in simulation.observed.provider.nodes {
            simulation.disturb(node.name) { node in
                var boot = ObservedBoot()
                change(node.name, &boot)
                node.boot = boot
            }
        }
        return simulation
    }

    private func plan(_ topology: Topology, _ cluster: Simulation, to root: RootVersion = new) throws -> Plan {
        try Planner(topology: topology, inputs: Self.inputs())
            .upgrade(Upgrade(to: .root(root.digest), stages: true), from: cluster.observed)
    }

    @Test(arguments: [
        ("etcd-lock", "when it gets its place in the reboot semaphore"), ("off", "when somebody reboots it"),
        ("reboot", "at once"),
        ("best-effort", "when it gets its place in the reboot semaphore, or at once without etcd"),
    ])
    func nodesAreToldAndNotRestarted(strategy: String, turn: String) throws {
        var topology = Fixture.topology(members: 1, workers: 1)
        topology.cloudConfig = CloudConfig(coreos: CoreOS(update: [.rebootStrategy: "\(strategy)"]))
        let plan = try plan(topology, try made(topology))
        #expect(plan.purpose == .upgrade)
        #expect(
            plan.outline == """
                node/central-1/stage: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb, \(turn)
                node/worker-1/stage: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb, \(turn)

                """
        )
        guard case .stageNode(let staging)? = plan.steps.first?.action else {
            Issue.record("the first step tells no node: \(plan.outline)")
            return
        }
        #expect(staging.fallback?.image.root == Self.old.digest && staging.node.image.root == Self.new.digest)
    }

    @Test func whoKnowsIsNotToldAgainAndForgetsWhenToldOfItsOwn() throws {
        let topology = Fixture.topology(members: 1, workers: 1)
        let cluster = try made(topology) { name, boot in
            if name == "worker-1" { boot.staged = ImageDigests(root: Self.new.digest, layer: "1ayer") }
        }
        #expect(try plan(topology, cluster).ids == ["node/central-1/stage"])
        let back = try plan(topology, cluster, to: Self.old)
        #expect(back.outline == "node/worker-1/stage: it keeps the image that it runs\n")
    }

    @Test func nodesThatCannotBeToldAreRefused() throws {
        let topology = Fixture.topology(members: 1, workers: 1)
        var cluster = try made(topology) { name, boot in boot.isOnTrial = name == "central-1" }
        cluster.disturb("worker-1") { $0.boot = nil }
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology, cluster) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'central-1' is on trial with the image that it runs, and takes no other before it is well with it",
                "'worker-1' was started by an earlier version of slipway, and does not choose its image itself",
            ]
        )
    }

    @Test func aRootThatANodeWentBackFromIsNotStaged() throws {
        let topology = Fixture.topology(members: 1, workers: 1)
        let left = ImageDigests(root: Self.new.digest, layer: "1ayer")
        let cluster = try made(topology) { name, boot in
            if name == "worker-1" { boot.retreat = .init(image: left, time: 1, reason: "no") }
        }
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology, cluster) }
        #expect(error?.diagnostics.first?.message.hasPrefix("'worker-1' went back from root 2026-11-30") == true)
    }
}
