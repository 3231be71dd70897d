import Diagnostics
import TestKit
import Testing
import TopologyModel

@testable import Planning

/// What is not known of a node's storage is not taken for its absence.
@Suite struct NotSeenIsNotGoneTests {
    /// Nodes as they are once they are up.
    private func observed(_ plan: Plan) -> [ObservedNode] { plan.nodes.map { ObservedNode($0) } }

    private func change(_ node: ObservedNode?, _ plan: NodePlan, member: ObservedEtcd.Member? = nil) -> NodeChange {
        NodeChange(node, plan: plan, member: member, etcdKnown: member != nil, fleet: nil)
    }

    @Test func wholeStorageWithoutADomainIsStartedAgain() throws {
        let plan = try Fixture.plan(Fixture.topology())
        for (var node, wanted) in zip(observed(plan), plan.nodes) {
            node.hasDomain = false
            node.phase = .allocated
            node.power = .off
            #expect(change(node, wanted) == .create("its domain is gone, and its storage is there"))
            // A virtual machine's disk says nothing of its base.
            node.baseDigest = ""
            #expect(change(node, wanted) == .create("its domain is gone, and its storage is there"))
            node.baseDigest = "another"
            #expect(change(node, wanted) == .rebuild("its identity changed"))
            node.hasStorage = false
            #expect(change(node, wanted) == .rebuild("an earlier run left it half made"))
        }
    }

    @Test func libvirtWithoutItsDefinitionsDestroysNothing() throws {
        let topology = Fixture.topology()
        let nodes = observed(try Fixture.plan(topology)).map { node in
            var node = node
            node.hasDomain = false
            node.phase = .allocated
            node.power = .off
            return node
        }
        let plan = try Fixture.plan(topology, Observation(provider: ProviderObservation(nodes: nodes)))
        #expect(plan.steps.filter { $0.cost == .destroys }.map(\.id) == [])
        for node in nodes { #expect(plan.ids.contains("node/\(node.name)/create"), "\(plan.outline)") }
    }

    @Test(arguments: [
        StorageObstacle.unreadable(path: "/h/clusters/demo/worker-1/node.json", reason: "it is empty"),
        .elsewhere(directory: "/old/clusters/demo/worker-1", home: "/old"),
        .damaged(path: "/h/clusters/demo/worker-1/node.json", reason: "it is empty"),
        .poolAway("storage pool slipway is not defined"),
    ])
    func whatIsNotKnownIsRefused(obstacle: StorageObstacle) throws {
        let topology = Fixture.topology()
        var nodes = observed(try Fixture.plan(topology))
        let index = try #require(nodes.firstIndex { $0.name == "worker-1" })
        nodes[index].obstacle = obstacle
        nodes[index].hasStorage = false
        let seen = Observation(provider: ProviderObservation(nodes: nodes))
        let error = #expect(throws: DiagnosticsError.self) { try Fixture.plan(topology, seen) }
        let said = error?.diagnostics.map { "\($0.message) \($0.notes)" }.joined() ?? ""
        #expect(said.contains("node 'worker-1': \(obstacle)") && said.contains(obstacle.advice))
        // Another cluster's node is no obstacle.
        nodes[index].cluster = "other"
        _ = try Fixture.plan(topology, Observation(provider: ProviderObservation(nodes: nodes)))
    }
}
