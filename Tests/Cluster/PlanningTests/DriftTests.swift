import Diagnostics
import TestKit
import Testing
import TopologyModel

@testable import Planning

/// What others change in libvirt behind a plan's back.
@Suite struct DriftTests {
    private static let asPlanned = DomainShape(memoryMiB: 1024, cpus: 1, devices: ["interface 52:54:00:00:00:01"])

    private func drift(
        _ runtime: Runtime = .container,
        defined: (inout DomainShape) -> Void = { _ in },
        live: (inout DomainShape) -> Void = { _ in },
    ) -> NodeDrift {
        var node = ObservedNode(
            NodeSpec(cluster: "demo", name: "worker-1", role: "worker", index: 1, runtime: runtime),
            power: .running,
            phase: .ready,
        )
        var (one, other) = (Self.asPlanned, Self.asPlanned)
        defined(&one)
        live(&other)
        (node.defined, node.live) = (one, other)
        return NodeDrift(node, memoryMiB: 1024, cpus: 1)
    }

    @Test func whatIsAsPlannedHasNone() {
        #expect(drift() == NodeDrift.none)
    }

    @Test func aDefinitionIsWrittenAnew() {
        let found = drift(defined: { ($0.memoryMiB, $0.cpus) = (2048, 4) })
        #expect(found.ofDefinition == ["memory 2048MiB → 1024MiB", "cpus 4 → 1"])
        #expect(found.ofMemory == nil && found.untilRestart == [])
    }

    @Test func memoryIsGivenBackToANodeThatRuns() {
        let found = drift(live: { $0.memoryMiB = 512 })
        #expect(found.ofMemory == "runs with memory 512MiB → 1024MiB" && found.ofDefinition == [])
    }

    @Test func whatOnlyARestartMendsIsSaid() {
        let found = drift(.vm) {
            $0.devices = ["disk vda", "interface 52:54:00:00:00:01"]
        } live: {
            ($0.devices, $0.cpus) = (["disk vdx", "interface 52:54:00:00:00:01"], 2)
        }
        #expect(
            found.untilRestart == [
                "cpus 2 → 1", "disk vdx, which its definition has not", "no disk vda, which its definition has",
            ]
        )
        #expect(drift(live: { $0.cpus = 2 }) == NodeDrift.none, "a container has the processors of its host")
    }

    /// Live and persistent alike, so that they do not differ.
    @Test func devicesThatOthersGaveItAreNamed() {
        let spec = NodeSpec(cluster: "demo", name: "worker-1", role: "worker", index: 1, runtime: .vm)
        var node = ObservedNode(spec, power: .running, phase: .ready)
        let shape = DomainShape(memoryMiB: 1024, cpus: 1, devices: ["disk vda", "disk vdx"])
        (node.defined, node.live) = (shape, shape)
        #expect(NodeDrift(node, memoryMiB: 1024, cpus: 1) == NodeDrift.none, "nothing is recorded")
        node.devices = ["disk vda", "disk vdb"]
        let drift = NodeDrift(node, memoryMiB: 1024, cpus: 1)
        #expect(drift.ofDefinition == ["disk vdx, which is not slipway's", "no disk vdb"])
        #expect(drift.untilRestart == [])
    }

    @Test func sinceWhenIsSaid() throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        cluster.disturb("worker-1") { node in
            (node.defined, node.live, node.written) = (Self.asPlanned, Self.asPlanned, 1_795_968_312)
            node.defined?.cpus = 3
        }
        let plan = try Fixture.plan(topology, cluster.observed)
        let reason = "its definition: cpus 3 → 1 (written 2026-11-29T16:05:12Z)"
        #expect(plan.step("node/worker-1/definition")?.reason == reason)
    }

    @Test(arguments: [(3.4, "at least 3 s ahead of"), (-7.9, "at least 7 s behind")])
    func aClockThatDiffersIsSaid(ahead: Double, words: String) throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        cluster.change { $0.etcd?.members[1].clockAhead = ahead }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.isEmpty && plan.warnings.map(\.message) == ["the clock of 'central-2' is \(words) this host's"])
    }

    /// Sizes in GiB: asked for, of the disk, of its image.
    @Test(
        arguments: [
            (10, 10, 3, nil), (10, 10, nil, nil), (2, 3, 3, nil), (2, 3, nil, nil),
            (10, 12, 3, .grew(to: "12GiB", from: "10GiB")), (2, 4, 3, .grew(to: "4GiB", from: "3GiB")),
            (10, 9, 3, .shrank(to: "9GiB", from: "10GiB")), (10, 9, nil, .shrank(to: "9GiB", from: "10GiB")),
            (2, 2, 3, .shrank(to: "2GiB", from: "3GiB")),
        ] as [(Int, UInt64, UInt64?, DiskSize.Change?)]
    )
    func aDiskThatGrewOrShrank(asked: Int, bytes: UInt64, image: UInt64?, change: DiskSize.Change?) {
        let spec = NodeSpec(cluster: "demo", name: "worker-1", role: "worker", index: 1, runtime: .vm)
        var node = ObservedNode(spec, power: .running, phase: .ready)
        (node.diskGiB, node.diskSize) = (asked, DiskSize(bytes: bytes << 30, imageBytes: image.map { $0 << 30 }))
        #expect(NodeDrift(node, memoryMiB: 0, cpus: 0).ofDisk == change)
        node.hasStorage = false
        #expect(NodeDrift(node, memoryMiB: 0, cpus: 0).ofDisk == nil)
    }

    @Test func aNodeOfWhichNothingIsKnownHasNone() {
        let spec = NodeSpec(cluster: "demo", name: "worker-1", role: "worker", index: 1)
        let node = ObservedNode(spec, power: .running, phase: .ready)
        #expect(NodeDrift(node, memoryMiB: 1, cpus: 9) == NodeDrift.none)
    }

    // MARK: Plans

    private func cluster(_ topology: Topology) throws -> Simulation {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        return cluster
    }

    @Test func plansNameAndMendWhatChanged() throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        cluster.disturb("worker-1") { ($0.defined, $0.live) = (Self.asPlanned, Self.asPlanned) }
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty)
        cluster.disturb("worker-1") { node in
            node.defined?.memoryMiB = 2048
            node.live?.memoryMiB = 512
        }
        cluster.disturb("central-2") { ($0.defined, $0.live) = (Self.asPlanned, Self.asPlanned) }
        cluster.disturb("central-2") { $0.live?.devices.append("disk vdx") }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(
            plan.outline == """
                node/worker-1/definition: its definition: memory 2048MiB → 1024MiB
                node/worker-1/memory: it runs with memory 512MiB → 1024MiB

                """
        )
        #expect(
            plan.warnings.map(\.message) == ["'central-2' runs with disk vdx, which its definition has not"]
        )
        #expect(plan.warnings.first?.notes == ["until it is restarted: slipway restart demo central-2"])
        cluster.apply(plan)
        #expect(cluster.faults == [])
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty)
    }

    @Test func aDiskAndAPoolAreSaid() throws {
        var topology = Fixture.topology()
        topology.roles[1].runtime = .vm
        var cluster = try cluster(topology)
        cluster.disturb("worker-1") { ($0.diskGiB, $0.diskSize) = (10, DiskSize(bytes: 9 << 30, imageBytes: 3 << 30)) }
        cluster.disturb("worker-2") { ($0.diskGiB, $0.diskSize) = (10, DiskSize(bytes: 12 << 30, imageBytes: 3 << 30)) }
        cluster.change { $0.provider.poolFault = "storage pool slipway is inactive" }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(
            plan.warnings.map(\.message) == [
                "storage pool slipway is inactive",
                "the disk of 'worker-1' has 9GiB, and was made with 10GiB: what lay beyond its end is lost",
                "the disk of 'worker-2' has 12GiB, and was made with 10GiB",
            ]
        )
        #expect(plan.isEmpty)
        #expect(Adoption(topology, observed: cluster.observed.provider).rest.count == 2)
    }

    /// A node that is restarted or made anew gets its definition with that.
    @Test func aNodeThatIsRestartedIsNotDefinedTwice() throws {
        var topology = Fixture.topology()
        var cluster = try cluster(topology)
        cluster.disturb("worker-1") { $0.defined = Self.asPlanned }
        topology.roles[1].resources.memoryMiB = 2048
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.ids.contains("node/worker-1/restart") && !plan.ids.contains("node/worker-1/definition"))
    }

    @Test(arguments: [
        (DomainCondition.paused, "it is paused"), (.crashed, "it has crashed"), (.shuttingDown, "it was about to stop"),
        (.suspended, "it has suspended itself"),
    ])
    func aNodeThatDoesNotRunIsStarted(condition: DomainCondition, reason: String) throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        cluster.disturb("worker-1") { ($0.power, $0.condition) = (.other, condition) }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.step("node/worker-1/start")?.reason == reason)
    }

    // MARK: Networks

    @Test func aNetworkIsDefinedAnewUnderItsNodes() throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        let wanted = NetworkShape(NetworkPlan(cluster: "demo", cidr: topology.network.cidr, mode: .nat))
        #expect(wanted.addresses == ["10.9.0.1/24"])
        cluster.change { seen in
            (seen.provider.networks[0].live, seen.provider.networks[0].defined) = (wanted, wanted)
            seen.provider.networks[0].autostart = true
        }
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty)
        cluster.change { seen in
            seen.provider.networks[0].defined?.addresses = ["10.9.0.7/24"]
            seen.provider.networks[0].autostart = false
        }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.ids == ["network/create"])
        let reason = try #require(plan.steps.first?.reason)
        #expect(reason.hasPrefix("its definition: 10.9.0.7/24, nat, bridge") && reason.contains("→ 10.9.0.1/24, nat"))
        #expect(reason.hasSuffix("; it does not start with the host"))
        cluster.change { seen in
            (seen.provider.networks[0].live, seen.provider.networks[0].defined) = (wanted, nil)
            seen.provider.networks[0].autostart = nil
        }
        #expect(try Fixture.plan(topology, cluster.observed).steps.map(\.reason) == ["libvirt has lost its definition"])
    }

    @Test func aNetworkThatRunsOtherwiseIsNotTakenFromItsNodes() throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        var live = NetworkShape(NetworkPlan(cluster: "demo", cidr: topology.network.cidr, mode: .nat))
        live.addresses = ["10.9.0.7/24"]
        cluster.change { $0.provider.networks[0].live = live }
        cluster.change { $0.provider.networks[0].defined = NetworkShape($0.provider.networks[0]) }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.isEmpty)
        let said = try #require(plan.warnings.first)
        #expect(said.message.hasPrefix("network slipway.demo runs as 10.9.0.7/24, nat, bridge"))
        #expect(said.notes.first?.contains("virsh net-destroy slipway.demo") == true)
    }
}

extension NetworkShape {
    /// The shape that a network made by a plan has.
    fileprivate init(_ network: ObservedNetwork) {
        self.init(addresses: ["10.9.0.1/24"], mode: "nat", bridge: network.bridge ?? "")
    }
}

extension NodeDrift {
    fileprivate static var none: NodeDrift {
        let spec = NodeSpec(cluster: "", name: "", role: "", index: 1)
        return NodeDrift(ObservedNode(spec, power: .off, phase: .ready), memoryMiB: 0, cpus: 0)
    }
}
