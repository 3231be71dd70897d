import Basics
import CloudConfig
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// Roots of nodes that exist: what an upgrade changes, and what nothing else does.
@Suite struct UpgradeTests {
    private static let old = RootVersion(digest: "aaaaaaaa1", made: 1_795_824_000)
    private static let new = RootVersion(digest: "bbbbbbbb2", made: 1_796_000_000)

    private static func inputs(
        _ roots: [RootVersion] = [old, new],
        layer: String = "1ayer",
        renders: Bool = true,
    ) -> PlannerInputs {
        var inputs = Fixture.inputs
        inputs.rendering = renders ? .all : .none
        inputs.image = ImageDigests(root: roots.last?.digest ?? "r00t", layer: layer)
        inputs.roots = roots
        return inputs
    }

    /// A cluster that was made when there was the old root only.
    private func made(
        _ topology: Topology,
        renders: Bool = true,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws -> Simulation {
        var simulation = Simulation()
        let inputs = Self.inputs([Self.old], renders: renders)
        simulation.apply(try Planner(topology: topology, inputs: inputs).plan(from: .nothing))
        #expect(simulation.faults.isEmpty, sourceLocation: sourceLocation)
        simulation.addImages(
            [Self.old, Self.new].flatMap { root in
                ["1ayer", "2ayer"].map { ImageDigests(root: root.digest, layer: $0) }
            }
        )
        return simulation
    }

    private func plan(
        _ topology: Topology,
        _ simulation: Simulation,
        _ upgrade: Upgrade = Upgrade(to: .root(new.digest)),
        layer: String = "1ayer",
    ) throws -> Plan {
        try Planner(topology: topology, inputs: Self.inputs(layer: layer)).upgrade(upgrade, from: simulation.observed)
    }

    private func roots(_ simulation: Simulation) -> [String] {
        simulation.observed.provider.nodes.compactMap(\.image?.root)
    }

    // MARK: What nothing changes

    @Test func aClusterStaysWithItsRootAndIsToldOfAnother() throws {
        let topology = Fixture.topology()
        let cluster = try made(topology)
        let plan = try Planner(topology: topology, inputs: Self.inputs()).plan(from: cluster.observed)
        #expect(plan.isEmpty)
        #expect(
            plan.notes == [
                "Root 2026-11-30.bbbbbbbb is there, and central-1, central-2, central-3, worker-1, worker-2 stay with "
                    + "theirs: slipway upgrade demo."
            ]
        )
    }

    @Test func aNodeThatJoinsGetsTheRootOfTheOthers() throws {
        var topology = Fixture.topology()
        let cluster = try made(topology)
        topology.roles[1].count = 3
        let plan = try Planner(topology: topology, inputs: Self.inputs()).plan(from: cluster.observed)
        #expect(plan.nodes.map(\.image.root) == Array(repeating: Self.old.digest, count: 6))
        let anew = try Planner(topology: topology, inputs: Self.inputs()).plan(from: .nothing)
        #expect(anew.nodes.allSatisfy { $0.image.root == Self.new.digest })
    }

    // MARK: What a file asks for

    @Test(arguments: [RootChoice.newest, .version("2026-11-30", location: nil), .version("bbbbbbbb", location: nil)])
    func aFileAsksForARoot(choice: RootChoice) throws {
        var topology = Fixture.topology()
        var cluster = try made(topology)
        topology.root = choice
        let planner = Planner(topology: topology, inputs: Self.inputs())
        let plan = try planner.plan(from: cluster.observed)
        #expect(!plan.isDestructive)
        let restarts = plan.steps.filter { $0.cost == .restarts }
        #expect(restarts.map(\.id.description).sorted() == plan.nodes.map { "node/\($0.name)/restart" }.sorted())
        #expect(restarts.allSatisfy { $0.reason == "root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb" })
        // One after the other, with etcd whole in between.
        for (index, step) in restarts.enumerated().dropFirst() {
            #expect(step.needs.contains("node/\(name(restarts[index - 1]))/ready"), "\(plan.outline)")
        }
        cluster.apply(plan)
        #expect(cluster.faults.isEmpty)
        #expect(roots(cluster).allSatisfy { $0 == Self.new.digest })
        #expect(try planner.plan(from: cluster.observed).isEmpty)
    }

    private func name(_ step: Step) -> String {
        guard case .upgradeNode(let upgrade) = step.action else { return "\(step.id) has no way back" }
        return upgrade.node.name
    }

    @Test func aRootThatIsNotThereIsRefused() throws {
        var topology = Fixture.topology()
        topology.root = .version("2025-01-01", location: nil)
        let error = #expect(throws: DiagnosticsError.self) {
            try Planner(topology: topology, inputs: Self.inputs()).plan(from: .nothing)
        }
        #expect(error?.diagnostics.map(\.message) == ["root '2025-01-01' is not on this host"])
        #expect(error?.diagnostics.first?.notes.first == "there are: 2026-11-30.bbbbbbbb, 2026-11-28.aaaaaaaa")
    }

    // MARK: Upgrades

    @Test func workersGoFirstThenMembersOneAtATime() throws {
        let topology = Fixture.topology()
        var cluster = try made(topology)
        let plan = try plan(topology, cluster)
        #expect(plan.purpose == .upgrade)
        #expect(
            plan.outline == """
                node/worker-1/upgrade [restarts]: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb
                node/worker-2/upgrade [restarts]: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb < node/worker-1/upgrade
                node/central-1/upgrade [restarts]: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb < node/worker-2/upgrade
                etcd/whole/central-1: etcd is whole, and central-1 has caught up < node/central-1/upgrade
                node/central-2/upgrade [restarts]: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb < etcd/whole/central-1
                etcd/whole/central-2: etcd is whole, and central-2 has caught up < node/central-2/upgrade
                node/central-3/upgrade [restarts]: root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb < etcd/whole/central-2
                etcd/whole/central-3: etcd is whole, and central-3 has caught up < node/central-3/upgrade

                """
        )
        cluster.apply(plan)
        #expect(cluster.faults.isEmpty)
        #expect(roots(cluster).allSatisfy { $0 == Self.new.digest })
        #expect(cluster.observed.provider.nodes.allSatisfy { $0.previousRoot == Self.old.digest })
        // It is what the nodes are, for every other command as well.
        #expect(try Planner(topology: topology, inputs: Self.inputs()).plan(from: cluster.observed).isEmpty)
        #expect(try self.plan(topology, cluster).isEmpty)
    }

    @Test func unitsAreAwaitedAndPlacesGivenBackBeforeTheNextNode() throws {
        var topology = Fixture.topology(members: 1, workers: 2, units: [try Fixture.unit()])
        topology.cloudConfig = CloudConfig(coreos: CoreOS(update: [.rebootStrategy: "etcd-lock"]))
        let plan = try plan(topology, try made(topology), Upgrade(to: .root(Self.new.digest), roles: ["worker"]))
        #expect(
            plan.ids == [
                "node/worker-1/upgrade", "node/worker-1/released", "node/worker-1/units",
                "node/worker-2/upgrade", "node/worker-2/released", "node/worker-2/units",
            ]
        )
        #expect(plan.step("node/worker-2/upgrade")?.needs == ["node/worker-1/units"])
        guard case .upgradeNode(let upgrade)? = plan.steps.first?.action else {
            Issue.record("the first step upgrades nothing: \(plan.outline)")
            return
        }
        #expect(upgrade.semaphore?.endpoints.count == 1)
        #expect(upgrade.isDrained)
        #expect(upgrade.fallback.image.root == Self.old.digest)
    }

    @Test func aCanaryGoesBeforeAllOthers() throws {
        let topology = Fixture.topology(members: 3, workers: 3)
        let upgrade = Upgrade(to: .root(Self.new.digest), atOnce: 2, canary: "central-2")
        let plan = try plan(topology, try made(topology), upgrade)
        #expect(plan.ids.first == "node/central-2/upgrade")
        #expect(plan.step("node/worker-1/upgrade")?.needs == ["etcd/whole/central-2"])
        #expect(plan.step("node/worker-2/upgrade")?.needs == ["etcd/whole/central-2"])
        #expect(plan.step("node/worker-3/upgrade")?.needs == ["node/worker-1/upgrade"])
        #expect(plan.step("node/central-1/upgrade")?.needs == ["node/worker-2/upgrade", "node/worker-3/upgrade"])
        #expect(plan.step("node/central-3/upgrade")?.needs == ["etcd/whole/central-1"])
    }

    @Test func nodeProgramsGoTheSameWayAndComeBackWithTheOldRoot() throws {
        let topology = Fixture.topology(members: 1, workers: 1)
        var cluster = try made(topology)
        let plan = try plan(topology, cluster, layer: "2ayer")
        #expect(
            plan.steps.first?.reason
                == "root 2026-11-28.aaaaaaaa → 2026-11-30.bbbbbbbb, and its node programs change"
        )
        guard case .upgradeNode(let upgrade)? = plan.steps.first?.action else { return }
        #expect(upgrade.fallback.image == ImageDigests(root: Self.old.digest, layer: "1ayer"))
        #expect(upgrade.fallback.configDigest != upgrade.node.configDigest)
        #expect(upgrade.fallback.baseDigest == upgrade.node.baseDigest)
        cluster.apply(plan)
        #expect(cluster.faults.isEmpty)
        let after = try Planner(topology: topology, inputs: Self.inputs(layer: "2ayer")).plan(from: cluster.observed)
        #expect(after.isEmpty)
    }

    @Test func whatWasCutShortGoesOn() throws {
        let topology = Fixture.topology()
        let before = try made(topology)
        let whole = try plan(topology, before)
        for count in 0...whole.steps.count {
            var cluster = before
            cluster.apply(whole, first: count)
            // The node that was in the middle of it was seen ready by no run.
            if count > 0, case .upgradeNode(let upgrade) = whole.steps[count - 1].action {
                cluster.disturb(upgrade.node.name) { $0.phase = .started }
            }
            cluster.apply(try plan(topology, cluster))
            #expect(cluster.faults.isEmpty)
            #expect(roots(cluster).allSatisfy { $0 == Self.new.digest })
        }
    }

    /// Cut short at any step in any order, with nodes that go off meanwhile, and begun again: etcd keeps its majority and
    /// its data, and every node gets the root.
    @Test func everyHistoryOfUpgradesIsSafe() async throws {
        for seed in UInt64(0)..<60 {
            // Tests that wait for something get their turn.
            await Task.yield()
            var random = SeededGenerator(seed: seed)
            let topology = Fixture.topology(
                members: [1, 2, 3, 5].randomElement(using: &random) ?? 3,
                workers: .random(in: 0...3, using: &random),
                units: [try Fixture.unit()]
            )
            var cluster = try made(topology, renders: false)
            let planner = Planner(topology: topology, inputs: Self.inputs(renders: false))
            let upgrade = Upgrade(to: .root(Self.new.digest), atOnce: .random(in: 1...3, using: &random))
            for _ in 0..<6 {
                let plan = try planner.upgrade(upgrade, from: cluster.observed)
                cluster.apply(plan, steps: .random(in: 0...plan.steps.count, using: &random), using: &random)
                let node = cluster.observed.provider.nodes.randomElement(using: &random)
                // One at a time: what is off when etcd has no majority is another command's matter.
                if let node, cluster.observed.etcd?.voters.allSatisfy(\.healthy) == true, topology.memberCount > 2 {
                    cluster.disturb(node.name) { $0.power = .off }
                }
            }
            let plan = try planner.upgrade(upgrade, from: cluster.observed)
            cluster.apply(plan, steps: plan.steps.count, using: &random)
            #expect(cluster.faults.isEmpty, "seed \(seed)")
            #expect(roots(cluster).allSatisfy { $0 == Self.new.digest }, "seed \(seed)")
        }
    }

    @Test func aNodeThatIsOffIsStartedFirst() throws {
        let topology = Fixture.topology()
        var cluster = try made(topology)
        cluster.disturb("worker-2") { $0.power = .off }
        let plan = try plan(topology, cluster)
        #expect(plan.ids.prefix(2) == ["node/worker-2/start", "node/worker-2/ready"])
        #expect(plan.step("node/worker-1/upgrade")?.needs.contains("node/worker-2/ready") == true)
    }

    @Test func aClusterThatLacksMoreIsRefused() throws {
        var topology = Fixture.topology()
        let cluster = try made(topology)
        topology.roles[1].count = 4
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology, cluster) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "cluster 'demo' is not as its file says, so its nodes get no other image"
            ]
        )
    }

    @Test func aMemberThatIsNotWellIsWaitedForBeforeAnythingIsChanged() throws {
        let topology = Fixture.topology()
        var cluster = try made(topology)
        cluster.showsEtcdLogs = false
        cluster.spoil("central-2")
        let plan = try plan(topology, cluster)
        #expect(plan.ids.prefix(2) == ["etcd/healthy/central-2", "node/central-2/ready"])
        #expect(plan.step("node/worker-1/upgrade")?.needs == ["etcd/healthy/central-2", "node/central-2/ready"])
    }

    @Test func virtualMachinesAreRefused() throws {
        var topology = Fixture.topology()
        topology.roles[1].runtime = .vm
        var cluster = Simulation()
        cluster.apply(try Planner(topology: topology, inputs: Self.inputs([Self.old])).plan(from: .nothing))
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology, cluster) }
        #expect(
            error?.diagnostics.first?.message.hasPrefix("worker-1, worker-2: the disk of a virtual machine") == true
        )
        #expect(error?.diagnostics.first?.notes == ["upgrade the containers alone: --role central"])
    }

    // MARK: Nodes that went back by themselves

    /// worker-1 was given the new root, and is back with the old one.
    private func retreated(_ topology: Topology) throws -> Simulation {
        var cluster = try made(topology)
        cluster.disturb("worker-1") { node in
            var boot = ObservedBoot()
            boot.retreat = .init(
                image: ImageDigests(root: Self.new.digest, layer: "1ayer"),
                time: 1_796_000_100,
                reason: "not well within 300 s: etcd2.service is failed"
            )
            node.boot = boot
            node.phase = .started
        }
        return cluster
    }

    @Test func aRootThatANodeWentBackFromIsGivenToNoneBeforeSomebodySaysSo() throws {
        let topology = Fixture.topology()
        let cluster = try retreated(topology)
        let error = #expect(throws: DiagnosticsError.self) { try plan(topology, cluster) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'worker-1' went back from root 2026-11-30.bbbbbbbb by itself: not well within 300 s: etcd2.service is failed"
            ]
        )
        #expect(error?.diagnostics.first?.notes.last == "once the cause is fixed, to try it again: --again")
        let again = try plan(topology, cluster, Upgrade(to: .root(Self.new.digest), triesAgain: true))
        #expect(again.steps.filter { $0.cost == .restarts }.count == 5)
        // Another root, and nodes that did not go back from this one, are as before.
        #expect(try plan(topology, cluster, Upgrade(to: .root(Self.new.digest), nodes: ["worker-2"])).ids.count == 2)
    }

    @Test(arguments: [RootChoice.kept, .newest, .version("2026-11-30", location: nil)])
    func upLeavesItWithWhatItHasAndSaysSo(choice: RootChoice) throws {
        var topology = Fixture.topology()
        var cluster = try retreated(topology)
        topology.root = choice
        let planner = Planner(topology: topology, inputs: Self.inputs())
        let plan = try planner.plan(from: cluster.observed)
        #expect(plan.steps.allSatisfy { $0.cost == .none || !$0.id.description.hasPrefix("node/worker-1/") })
        #expect(plan.notes.first?.hasPrefix("worker-1 went back from root 2026-11-30.bbbbbbbb by itself, and") == true)
        cluster.apply(plan)
        #expect(cluster.faults.isEmpty)
        #expect(cluster.observed.provider.nodes.first { $0.name == "worker-1" }?.image?.root == Self.old.digest)
        #expect(try planner.plan(from: cluster.observed).isEmpty)
    }

    // MARK: The way back

    @Test func rollingBackIsTheSameTheOtherWayAndOnce() throws {
        let topology = Fixture.topology()
        var cluster = try made(topology)
        cluster.apply(try plan(topology, cluster, Upgrade(to: .root(Self.new.digest), roles: ["worker"])))
        let back = try plan(topology, cluster, Upgrade(to: .previous))
        #expect(back.steps.map(\.id) == ["node/worker-1/upgrade", "node/worker-2/upgrade"])
        cluster.apply(back)
        #expect(cluster.faults.isEmpty)
        #expect(roots(cluster).allSatisfy { $0 == Self.old.digest })
        #expect(try plan(topology, cluster, Upgrade(to: .previous)).isEmpty)
        #expect(cluster.observed.provider.nodes.allSatisfy { $0.originalRoot == nil && $0.previousRoot == nil })
    }
}
