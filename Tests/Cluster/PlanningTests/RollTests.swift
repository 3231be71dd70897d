import CloudConfig
import Diagnostics
import Planning
import Testing
import TopologyModel

/// Reboots of a cluster that runs as its file says.
@Suite struct RollTests {
    private func topology(
        members: Int = 3,
        workers: Int = 2,
        _ update: Settings<UpdateKey> = [:],
        _ locksmith: Settings<LocksmithKey> = [:],
    ) -> Topology {
        var topology = Fixture.topology(members: members, workers: workers)
        topology.cloudConfig = CloudConfig(coreos: CoreOS(locksmith: locksmith, update: update))
        return topology
    }

    /// The topology, brought up.
    private func settled(_ topology: Topology, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
        -> Observation
    {
        var simulation = Simulation()
        simulation.apply(try Fixture.plan(topology))
        #expect(simulation.faults.isEmpty, sourceLocation: sourceLocation)
        return simulation.observed
    }

    private func roll(_ topology: Topology, _ roll: Roll = Roll(), now: Int64 = 0) throws -> Plan {
        var inputs = Fixture.inputs
        inputs.certificates.now = now
        return try Planner(topology: topology, inputs: inputs).roll(roll, from: try settled(topology))
    }

    @Test func workersGoFirstAndOneAtATime() throws {
        let plan = try roll(topology())
        #expect(plan.purpose == .roll)
        #expect(
            plan.outline == """
                node/worker-1/reboot [restarts]: asked for, by strategy off
                node/worker-1/ready: it was rebooted < node/worker-1/reboot
                node/worker-2/reboot [restarts]: asked for, by strategy off < node/worker-1/ready
                node/worker-2/ready: it was rebooted < node/worker-2/reboot
                node/central-1/reboot [restarts]: asked for, by strategy off < node/worker-2/ready
                node/central-1/ready: it was rebooted < node/central-1/reboot
                node/central-2/reboot [restarts]: asked for, by strategy off < node/central-1/ready
                node/central-2/ready: it was rebooted < node/central-2/reboot
                node/central-3/reboot [restarts]: asked for, by strategy off < node/central-2/ready
                node/central-3/ready: it was rebooted < node/central-3/reboot

                """
        )
    }

    @Test func aLockIsGivenBackBeforeTheNextNodeGoes() throws {
        let plan = try roll(topology([.rebootStrategy: "etcd-lock"], [.group: "web"]), Roll(roles: ["worker"]))
        #expect(
            plan.outline == """
                node/worker-1/reboot [restarts]: asked for, by strategy etcd-lock
                node/worker-1/ready: it was rebooted < node/worker-1/reboot
                node/worker-1/released: it is healthy again < node/worker-1/ready
                node/worker-2/reboot [restarts]: asked for, by strategy etcd-lock < node/worker-1/released
                node/worker-2/ready: it was rebooted < node/worker-2/reboot
                node/worker-2/released: it is healthy again < node/worker-2/ready

                """
        )
        guard case .rebootNode(_, let semaphore?) = plan.steps.first?.action else {
            Issue.record("the first step takes no place: \(plan.outline)")
            return
        }
        #expect(semaphore.group == "web")
        #expect(semaphore.endpoints.count == 3)
    }

    @Test func neverSoManyMembersThatEtcdIsLost() throws {
        let plan = try roll(topology(members: 5, workers: 4), Roll(atOnce: 3))
        #expect(plan.step("node/worker-3/reboot")?.needs == [])
        #expect(plan.step("node/worker-4/reboot")?.needs == ["node/worker-1/ready"])
        let before: [StepID] = ["node/worker-2/ready", "node/worker-3/ready", "node/worker-4/ready"]
        #expect(plan.step("node/central-1/reboot")?.needs == before)
        #expect(plan.step("node/central-2/reboot")?.needs == before)
        #expect(plan.step("node/central-3/reboot")?.needs == ["node/central-1/ready"])
    }

    @Test func aSingleMemberIsWarnedOf() throws {
        let plan = try roll(topology(members: 1, workers: 1), Roll(nodes: ["central-1"]))
        #expect(plan.ids == ["node/central-1/reboot", "node/central-1/ready"])
        #expect(
            plan.warnings.map(\.message) == ["etcd is away while 'central-1' reboots: 1 member(s) tolerate no failure"]
        )
    }

    @Test func windowsAreKept() throws {
        let topology = topology(
            workers: 1,
            [.rebootStrategy: "reboot"],
            [.windowStart: "Thu 04:00", .windowLength: "1h"]
        )
        let worker = Roll(nodes: ["worker-1"])
        // Thursday, the first of January 1970.
        #expect(try roll(topology, worker, now: 4 * 3600).steps.count == 2)
        let error = #expect(throws: DiagnosticsError.self) { try roll(topology, worker, now: 2 * 3600 + 1800) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'worker-1' may reboot only in its window (Thu 04:00 for 1h, UTC), which opens in 1 h 30 min"
            ]
        )
        let now = Roll(nodes: ["worker-1"], ignoresWindows: true)
        #expect(try roll(topology, now, now: 2 * 3600).steps.count == 2)
    }

    @Test func whatIsNotThereIsNotRolled() throws {
        let error = #expect(throws: DiagnosticsError.self) {
            try roll(topology(), Roll(nodes: ["worker-9"], roles: ["db"]))
        }
        #expect(error?.diagnostics.map(\.message) == ["no node is called 'worker-9'", "no role is called 'db'"])
        let planner = Planner(topology: topology(), inputs: Fixture.inputs)
        let missing = #expect(throws: DiagnosticsError.self) { try planner.roll(Roll(), from: .nothing) }
        #expect(
            missing?.diagnostics.map(\.message) == [
                "cluster 'demo' is not as its file says, so its nodes are not rebooted"
            ]
        )
    }
}
