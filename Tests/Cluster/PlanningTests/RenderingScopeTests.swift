import CloudConfig
import Planning
import Synchronization
import TestKit
import Testing
import TopologyModel

/// For which nodes a plan makes keys and cloud-configs: a rack's worth of them takes most of the time.
@Suite struct RenderingScopeTests {
    private let keyed = Keyed()

    /// Nodes whose keys were asked for.
    private final class Keyed: Sendable {
        private let names = Mutex<Set<String>>([])
        func insert(_ name: String) { _ = names.withLock { $0.insert(name) } }
        func take() -> Set<String> {
            names.withLock { names in
                defer { names = [] }
                return names
            }
        }
    }

    private func inputs(_ rendering: NodeRendering) -> PlannerInputs {
        var inputs = Fixture.inputs
        inputs.rendering = rendering
        inputs.hostKey = { [keyed] node in
            keyed.insert(node)
            return SSHKeyPair(privateKey: "private \(node)", publicKey: "public \(node)")
        }
        return inputs
    }

    private func plan(_ topology: Topology, _ observed: Observation, _ rendering: NodeRendering) throws -> Plan {
        try Planner(topology: topology, inputs: inputs(rendering)).plan(from: observed)
    }

    @Test func nodesThatDoNotExistAreNotCompared() throws {
        let topology = Fixture.topology(members: 1, workers: 2)
        let all = try plan(topology, .nothing, .all)
        #expect(keyed.take() == ["central-1", "worker-1", "worker-2"])
        #expect(all.nodes.allSatisfy { !$0.userData.isEmpty })
        let steps = try plan(topology, .nothing, .existing)
        #expect(keyed.take() == [])
        #expect(steps.outline == all.outline)
    }

    @Test func nodesThatExistAre() throws {
        var cluster = Simulation()
        cluster.apply(try plan(Fixture.topology(members: 1, workers: 2), .nothing, .all))
        _ = keyed.take()
        var changed = Fixture.topology(members: 1, workers: 3)
        changed.cloudConfig.sshAuthorizedKeys.append("ssh-ed25519 AAAAcolleague")
        let steps = try plan(changed, cluster.observed, .existing)
        #expect(keyed.take() == ["central-1", "worker-1", "worker-2"])
        #expect(try steps.outline == plan(changed, cluster.observed, .all).outline)
        #expect(steps.step("node/worker-2/restart") != nil)
        #expect(steps.step("node/worker-3/create") != nil)
    }
}
