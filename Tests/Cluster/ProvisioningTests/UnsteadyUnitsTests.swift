import Etcd
import Planning
import Provisioning
import RebootLock
import TestKit
import Testing
import UnitFiles

/// Units that are as wanted for a moment, again and again.
@Suite(.timeLimit(.minutes(5)))
struct UnsteadyUnitsTests {
    /// A fleet whose unit is active whenever that is waited for, and not any more when that is.
    private struct ComingAndGoing: FleetAccess {
        private static func seen(_ state: String) -> ObservedFleet {
            let unit = ObservedFleet.Unit(name: "a.service", hash: "h", desiredState: .launched, states: ["m": state])
            return ObservedFleet(machines: ["m"], units: ["a.service": unit])
        }

        func observe() -> ObservedFleet { Self.seen("active") }

        func observe(
            until done: @escaping @Sendable (ObservedFleet) -> Bool,
            limit: Duration,
        ) -> (fleet: ObservedFleet, done: Bool) {
            let fleet = ["active", "inactive"].map(Self.seen).first(where: done)
            return (fleet ?? observe(), fleet != nil)
        }

        func deploy(_ unit: UnitPlan) {}
        func destroy(_ unit: String) {}
        func record(deployed units: [String]) { Issue.record("units that do not stay were recorded") }
        func drain(_ machineIDs: Set<String>) {}
        func endDrain(machineID: String) {}
        func askToLeave(machineID: String) -> Bool { false }

        func forget(machineID: String) {}
    }

    private struct Clients: ClusterClients {
        let cluster: FakeCluster

        func etcd(_ endpoints: [String]) -> any EtcdCluster { cluster.etcd(endpoints) }
        func fleet(_ endpoints: [String]) -> any FleetAccess { ComingAndGoing() }
        func rebootLock(_ endpoints: [String], group: String) -> any RebootLocking { cluster.rebootLock }
    }

    @Test func theWaitEnds() async throws {
        let cluster = await FakeCluster()
        var limits = Executor.Limits()
        limits.units = .milliseconds(50)
        let executor = cluster.executor(clusters: Clients(cluster: cluster), limits: limits)
        let unit = UnitPlan(name: "a.service", text: "", hash: "h", desiredState: .launched)
        let step = Step("units/active", .awaitUnits([unit]), reason: "")
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: [step])
        let failure = await #expect(throws: PlanFailure.self) { try await executor.apply(plan) }
        #expect(failure.map { "\($0)".contains("did not stay so") } == true, "\(String(describing: failure))")
    }
}
