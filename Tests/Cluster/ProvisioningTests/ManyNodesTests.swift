import Basics
import Etcd
import Planning
import Synchronization
import TestKit
import Testing
import TopologyModel

@testable import Provisioning

/// What two hundred nodes ask of etcd and of themselves.
@Suite(.timeLimit(.minutes(2))) struct ManyNodesTests {
    /// Nodes that are between the beginning of their first step and the end of their last.
    private final class Boots: Sendable {
        private let state = Mutex((now: Set<String>(), most: 0))

        var most: Int { state.withLock { $0.most } }

        func note(_ event: Event) {
            state.withLock { state in
                switch event {
                case .started(let step):
                    if case .createNode(let node) = step.action, node.etcd != .member { state.now.insert(node.name) }
                case .finished(let step, _):
                    if case .awaitNode(let node) = step.action { state.now.remove(node.name) }
                default: break
                }
                state.most = max(state.most, state.now.count)
            }
        }
    }

    @Test func askLittleAndBootAFewAtATime() async throws {
        let topology = Topology(
            name: "many",
            network: NetworkSettings(cidr: CIDRv4("10.9.0.0/22") ?? CIDRv4.derived(fromCluster: "many")),
            roles: [
                Role(name: "central", count: 1, etcd: .member), Role(name: "worker", count: 200, etcd: .proxy),
            ],
        )
        let cluster = await FakeCluster()
        let observer = ClusterObserver(provider: cluster.provider, images: FakeImages()) { _ in cluster }
        let planner = Planner(topology: topology, inputs: .fixed)
        let plan = try planner.plan(from: try await observer.observe("many"))
        cluster.know(plan.nodes)
        let boots = Boots()
        var limits = Executor.Limits()
        // A node that takes long is looked at; here none is.
        limits.look = .seconds(3600)
        let executor = cluster.executor(limits: limits, boots: BootBound(exactly: 8)) { boots.note($0) }
        try await executor.apply(plan)
        #expect((1...8).contains(boots.most))
        // Once through each node's own proxy, and a few times at the member while it came up.
        let questions = cluster.healthQuestions
        #expect((200...220).contains(questions.count))
        #expect(questions.most <= 4)
        // Nobody logs in: fleet says that the nodes are set up.
        #expect(cluster.logins == 0)
        #expect(try await observer.observe("many").provider.nodes.allSatisfy { $0.phase == .ready })
    }
}
