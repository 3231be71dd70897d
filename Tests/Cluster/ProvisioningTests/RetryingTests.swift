import Basics
import Etcd
import FleetState
import Planning
import Provisioning
import RebootLock
import SecureShell
import Synchronization
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// What etcd cannot do for a moment, as its leader changes or a member restarts, is asked again and does not end a
/// plan.
@Suite(.timeLimit(.minutes(5)))
struct RetryingTests {
    private static let leaderChanged = EtcdError(.unavailable, "etcdserver: leader changed")

    /// A cluster of which only the keys in etcd are asked for.
    private struct Clients: ClusterClients {
        let keys = FakeEtcd()
        let cluster: FakeCluster

        func etcd(_ endpoints: [String]) -> any EtcdCluster { cluster.etcd(endpoints) }
        func fleet(_ endpoints: [String]) -> any FleetAccess { RegistryFleet(registry: FleetRegistry(etcd: keys)) }
        func rebootLock(_ endpoints: [String], group: String) -> any RebootLocking { cluster.rebootLock }
    }

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        func take(_ event: Event) {
            guard case .progress(_, let text) = event else { return }
            lines.withLock { $0.append(text) }
        }
    }

    private let log = Log()
    private let unit = UnitPlan(
        name: "hello.service",
        text: "[Service]\nExecStart=/bin/true\n",
        hash: "h",
        desiredState: .launched,
    )

    private func clients() async -> Clients { Clients(cluster: await FakeCluster()) }

    private func carryOut(_ action: Action, _ clients: Clients, limit: Duration = .seconds(30)) async throws {
        var limits = Executor.Limits()
        limits.etcd = limit
        let executor = clients.cluster.executor(clusters: clients, limits: limits) { log.take($0) }
        let steps = [Step("step", action, reason: "")]
        try await executor.apply(Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps))
    }

    @Test func aUnitIsDeployedOnceEtcdCan() async throws {
        let clients = await clients()
        for _ in 0..<3 { clients.keys.failNext(Self.leaderChanged) }
        try await carryOut(.deployUnit(unit), clients)
        #expect(try await RegistryFleet(registry: FleetRegistry(etcd: clients.keys)).observe().units.count == 1)
        #expect(log.all == ["cannot read units: etcdserver: leader changed"])
    }

    @Test(arguments: 0..<3) func aUnitWhoseAnswerWasLostIsDeployedOnce(lost: Int) async throws {
        let clients = await clients()
        for _ in 0..<lost { clients.keys.loseNextAnswer(EtcdError(.timeout, "etcdserver: request timed out")) }
        try await carryOut(.deployUnit(unit), clients)
        try await carryOut(.deployUnit(unit), clients)
        let fleet = try await RegistryFleet(registry: FleetRegistry(etcd: clients.keys)).observe()
        #expect(fleet.units["hello.service"]?.desiredState == .launched)
        #expect(fleet.deployed == ["hello.service"])
    }

    @Test func aUnitIsDestroyedOnceEtcdCan() async throws {
        let clients = await clients()
        try await carryOut(.deployUnit(unit), clients)
        clients.keys.loseNextAnswer(Self.leaderChanged)
        clients.keys.failNext(EtcdError(.unavailable, "grpc: the client connection is closing"))
        try await carryOut(.destroyUnit(name: "hello.service"), clients)
        let fleet = try await RegistryFleet(registry: FleetRegistry(etcd: clients.keys)).observe()
        #expect(fleet.units.isEmpty && fleet.deployed.isEmpty)
    }

    @Test func aMachineIsForgottenOnceEtcdCan() async throws {
        let clients = await clients()
        for _ in 0..<2 { clients.keys.failNext(Self.leaderChanged) }
        try await carryOut(.leaveFleet(node: "worker-1", machineID: "m", address: nil), clients)
        #expect(log.all == ["taking it off fleet's list", "cannot read fleet's state: etcdserver: leader changed"])
    }

    @Test func aMachineThatLeavesForGoodIsDrainedNoMore() async throws {
        let clients = await clients()
        let registry = FleetRegistry(etcd: clients.keys)
        try await registry.setDraining(true, "m")
        try await registry.setDraining(true, "other")
        try await carryOut(.leaveFleet(node: "worker-1", machineID: "m", address: nil), clients)
        #expect(try await registry.snapshot().draining == ["other"])
    }

    @Test func machinesAreDrainedOnceEtcdCan() async throws {
        let clients = await clients()
        clients.keys.failNext(Self.leaderChanged)
        try await carryOut(.drainMachines(["m1", "m2"]), clients)
        #expect(try await FleetRegistry(etcd: clients.keys).snapshot().draining == ["m1", "m2"])
    }

    @Test func whatEtcdRefusesIsNotAskedAgain() async throws {
        let clients = await clients()
        clients.keys.failNext(EtcdError(.refused, "etcdserver: permission denied"))
        await #expect(throws: PlanFailure.self) { try await carryOut(.deployUnit(unit), clients) }
        #expect(clients.keys.requests == 1)
    }

    @Test func anEtcdThatStaysAwayIsSaid() async throws {
        let clients = await clients()
        clients.keys.setOutage(Self.leaderChanged)
        let failure = await #expect(throws: PlanFailure.self) {
            try await carryOut(.deployUnit(unit), clients, limit: .milliseconds(300))
        }
        #expect("\(failure, default: "")".contains("fleet does not take hello.service within 0.3 seconds"))
        #expect("\(failure, default: "")".contains("etcdserver: leader changed"))
    }
}
