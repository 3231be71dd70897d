import Planning
import TestKit
import Testing
import TopologyModel

/// Nodes that are not wanted any more stay until those that replace them are ready, and units that have ended well ask
/// for nothing.
@Suite struct SurplusTests {
    private func topology(workers role: String) throws -> Topology {
        var topology = Fixture.topology(members: 1, workers: 0, units: [try Fixture.unit()])
        topology.roles[1] = Role(name: role, count: 1, etcd: .proxy)
        return topology
    }

    private func running(_ topology: Topology, sourceLocation: SourceLocation = #_sourceLocation) throws -> Simulation {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        #expect(cluster.faults == [], sourceLocation: sourceLocation)
        return cluster
    }

    @Test func aRenamedWorkerStaysUntilItsReplacementIsReady() throws {
        var cluster = try running(topology(workers: "worker"))
        let after = try topology(workers: "app")
        let plan = try Fixture.plan(after, cluster.observed)
        #expect(try #require(plan.step("node/worker-1/leave")).needs.contains("node/app-1/ready"), "\(plan.outline)")
        // Also in the run after one that ended before the replacement was ready.
        let ready: Int = try #require(plan.ids.firstIndex(of: "node/app-1/ready"))
        cluster.apply(plan, first: ready)
        let next = try Fixture.plan(after, cluster.observed)
        #expect(try #require(next.step("node/worker-1/leave")).needs.contains("node/app-1/ready"), "\(next.outline)")
    }

    @Test func aUnitThatEndedWellAsksForNothing() throws {
        let topology = try topology(workers: "worker")
        var observed = try running(topology).observed
        let machine = try #require(observed.fleet?.units["hello.service"]?.states.keys.first)
        observed.fleet?.units["hello.service"]?.states[machine] = "inactive"
        #expect(try Fixture.plan(topology, observed).ids == ["units/active"])
        observed.fleet?.units["hello.service"]?.ended = [machine]
        #expect(try Fixture.plan(topology, observed).ids == [])
    }

    /// Members that are off are started by the same plan that brings them their changed file.
    @Test func offMembersAreStartedThoughTheFileChanged() throws {
        var topology = Fixture.topology(members: 3, workers: 0)
        var cluster = try running(topology)
        for name in ["central-2", "central-3"] { cluster.disturb(name) { $0.power = .off } }
        topology.roles[0].resources.memoryMiB = 768
        for _ in 0..<3 {
            let plan = try Fixture.plan(topology, cluster.observed)
            if plan.isEmpty { break }
            cluster.apply(plan)
        }
        #expect(cluster.faults == [])
        #expect(cluster.observed.etcd?.hasQuorum == true)
        #expect(try Fixture.plan(topology, cluster.observed).ids == [])
    }
}
