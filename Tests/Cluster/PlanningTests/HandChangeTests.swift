import TestKit
import Testing
import TopologyModel

@testable import Planning

/// What was changed by hand, as changes of the file.
@Suite struct HandChangeTests {
    private static let asPlanned = DomainShape(memoryMiB: 1024, cpus: 1, devices: [])

    private func cluster(_ topology: Topology) throws -> Simulation {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        for node in cluster.observed.provider.nodes {
            cluster.disturb(node.name) { ($0.defined, $0.live) = (Self.asPlanned, Self.asPlanned) }
        }
        return cluster
    }

    private func lines(_ adoption: Adoption) -> [String] {
        adoption.changes.map { "\($0.role ?? "-") \($0.key) \($0.old) → \($0.new)" } + adoption.rest
    }

    private func changeWorkers(_ cluster: inout Simulation, _ change: (inout ObservedNode) -> Void) {
        for name in ["worker-1", "worker-2"] { cluster.disturb(name, change) }
    }

    @Test func nothingChanged() throws {
        let topology = Fixture.topology()
        #expect(lines(Adoption(topology, observed: try cluster(topology).observed.provider)) == [])
    }

    @Test func whatAllNodesOfARoleHaveIsTheRoles() throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        changeWorkers(&cluster) { node in
            node.defined?.memoryMiB = 1536
            node.defined?.cpus = 2
        }
        for node in cluster.observed.provider.nodes { cluster.disturb(node.name) { $0.autostart = false } }
        #expect(
            lines(Adoption(topology, observed: cluster.observed.provider)) == [
                "- autostart true → false", "worker memory 1GiB → 1536MiB", "worker cpus 1 → 2",
                "worker-1 runs with memory 1024MiB → 1536MiB", "worker-2 runs with memory 1024MiB → 1536MiB",
            ]
        )
    }

    @Test func whatOneOfThemHasCannotBeSaid() throws {
        let topology = Fixture.topology()
        var cluster = try cluster(topology)
        cluster.disturb("worker-2") { node in
            node.defined?.memoryMiB = 2048
            node.live?.memoryMiB = 2048
            node.live?.devices = ["disk vdx"]
            node.autostart = false
        }
        #expect(
            lines(Adoption(topology, observed: cluster.observed.provider)) == [
                "worker-2 does not start with the host",
                "worker-2 is defined with memory 2GiB, and the others of its role are not",
                "worker-2 runs with disk vdx, which its definition has not",
            ]
        )
    }

    /// The file says what the nodes have: they are not restarted for it.
    @Test func adoptedNodesAreNotRestarted() throws {
        var topology = Fixture.topology()
        var cluster = try cluster(topology)
        changeWorkers(&cluster) { node in
            node.defined?.memoryMiB = 2048
            node.live?.memoryMiB = 2048
        }
        topology.roles[1].resources.memoryMiB = 2048
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.ids == ["node/worker-1/definition", "node/worker-2/definition"])
        #expect(plan.steps.allSatisfy { $0.cost == .none })
        cluster.apply(plan)
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty)
        // One that runs with less is.
        topology.roles[1].resources.memoryMiB = 4096
        cluster.disturb("worker-1") { $0.defined?.memoryMiB = 4096 }
        #expect(try Fixture.plan(topology, cluster.observed).ids.contains("node/worker-1/restart"))
        // And one of which more is to change.
        topology.roles[1].resources.memoryMiB = 2048
        topology.sshAuthorizedKeys.append("ssh-ed25519 AAAA colleague")
        #expect(try Fixture.plan(topology, cluster.observed).ids.contains("node/worker-2/restart"))
    }
}
