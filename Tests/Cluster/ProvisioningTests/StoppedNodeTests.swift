import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// A node whose power is cut while `up` waits for units.
@Suite(.timeLimit(.minutes(5))) struct StoppedNodeTests {
    @Test func aGlobalUnitIsNotWaitedForOnANodeThatIsOff() async throws {
        let cluster = await FakeCluster()
        let unit = UnitDeployment(
            name: "everywhere.service",
            file: "everywhere.service",
            unit: try UnitFile(parsing: "[Service]\nExecStart=/bin/true\n[X-Fleet]\nGlobal=true\n"),
        )
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            roles: [Role(name: "core", count: 1, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
            units: [unit],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        cluster.know(plan.nodes)
        let worker = try #require(plan.nodes.first { $0.role == "worker" })
        var limits = Executor.Limits()
        limits.look = .milliseconds(5)
        let executor = cluster.executor(limits: limits) { event in
            // The fake's fleet brings no unit to a second machine, so that the wait lasts.
            guard case .started(let step) = event, step.id == "units/active" else { return }
            Task { try await cluster.provider.powerOff(NodeReference(worker)) }
        }
        let failure = await #expect(throws: PlanFailure.self) { try await executor.apply(plan) }
        #expect("\(String(describing: failure))".contains("node worker-1 stopped while its units were waited for"))
    }
}
