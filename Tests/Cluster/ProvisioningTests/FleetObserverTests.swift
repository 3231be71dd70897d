import Etcd
import FleetState
import Planning
import TestKit
import Testing
import UnitFiles

@testable import Provisioning

/// However many wait for fleet, etcd is asked by one.
@Suite(.timeLimit(.minutes(5))) struct FleetObserverTests {
    private let etcd = FakeEtcd()

    @Test func twoHundredWhoWaitShareOneWatch() async throws {
        let registry = FleetRegistry(etcd: etcd)
        let fleet = RegistryFleet(registry: registry)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...200 {
                group.addTask {
                    try await fleet.observe(until: { $0.machines.contains("m\(number)") }, limit: .seconds(60)).done
                }
            }
            try await eventually("the watch is there") { etcd.watches > 0 }
            let before = etcd.requests
            for number in 1...200 { _ = try await registry.register(MachineRecord(id: "m\(number)"), ttl: 60) }
            for try await done in group { #expect(done) }
            // Registering takes three requests; all who wait together take a few, whatever their number.
            #expect(etcd.requests - before < 3 * 200 + 20)
        }
        #expect(etcd.watches == 1)
        #expect(try await fleet.observe(until: { $0.machines.count == 200 }, limit: .seconds(60)).done)
        #expect(etcd.watches == 1)
    }

    @Test func clientsOfTheSameMembersAreOne() async throws {
        let clients = LiveClusterClients()
        let fleets = try (0..<2).map { _ in try #require(clients.fleet(["http://127.0.0.1:1"]) as? RegistryFleet) }
        #expect(fleets[0].sharesItsWatch(with: fleets[1]))
        let other = try #require(clients.fleet(["http://127.0.0.1:2"]) as? RegistryFleet)
        #expect(!fleets[0].sharesItsWatch(with: other))
    }

    /// A watch that is behind must not show a unit's state from before it was replaced.
    @Test func whatThisProcessWroteIsSeenBeforeAnythingElse() async throws {
        let fleet = RegistryFleet(registry: FleetRegistry(etcd: etcd))
        let unit = UnitPlan(
            name: "a.service",
            text: "[Service]\nExecStart=/bin/true\n",
            hash: "",
            desiredState: .launched,
        )
        _ = try await fleet.observe(until: { _ in true }, limit: .seconds(1))
        for state in [TargetState.launched, .loaded, .inactive, .launched] {
            var changed = unit
            changed.desiredState = state
            try await fleet.deploy(changed)
            let seen = try await fleet.observe(until: { _ in true }, limit: .seconds(1))
            #expect(seen.fleet.units["a.service"]?.desiredState == state)
        }
    }
}
