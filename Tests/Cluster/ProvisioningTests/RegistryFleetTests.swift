import Etcd
import FleetState
import Planning
import TestKit
import Testing
import UnitFiles

@testable import Provisioning

/// What Slipway makes of what fleet's machines say of units that are inactive.
@Suite struct RegistryFleetTests {
    private static let oneshot = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
    private static let service = "[Service]\nExecStart=/bin/sleep 1\n"

    struct Said: Sendable, CustomTestStringConvertible {
        var text = RegistryFleetTests.oneshot
        var active = "inactive"
        var launched = true
        var outcome: UnitState.Outcome?
        /// Of another text than the unit has now.
        var isOld = false

        var testDescription: String { "\(text) \(active) \(launched) \(String(describing: outcome)) \(isOld)" }
    }

    private func observed(_ said: Said, sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> ObservedFleet.Unit
    {
        let registry = FleetRegistry(etcd: FakeEtcd())
        let file = try UnitFile(parsing: said.text, file: "a.service")
        try await registry.create(unit: "a.service", file, target: .launched)
        let session = try await registry.register(MachineRecord(id: "m1"), ttl: 60)
        let state = UnitState(
            loadState: "loaded",
            activeState: said.active,
            subState: "dead",
            hash: said.isOld ? UnitFile().hash.hex : file.hash.hex,
            launched: said.launched,
            outcome: said.outcome,
        )
        _ = try await registry.publish([StateChange(unit: "a.service", state: state)], session)
        return try #require(
            try await RegistryFleet(registry: registry).observe().units["a.service"],
            sourceLocation: sourceLocation
        )
    }

    /// A oneshot is taken for ended also where the machine's fleetd is too old to say so.
    @Test(arguments: [Said(outcome: .done), Said(), Said(text: service, outcome: .done)])
    func whatHasEndedWellIsWell(_ said: Said) async throws {
        let unit = try await observed(said)
        #expect(unit.ended == ["m1"] && unit.isWell(on: "m1"))
        #expect(unit.states == ["m1": "inactive"] && unit.desiredState == .launched)
    }

    @Test(arguments: [
        Said(outcome: .stopped), Said(launched: false), Said(text: service), Said(text: service, outcome: .stopped),
        Said(active: "failed"), Said(active: "activating"), Said(outcome: .done, isOld: true),
    ])
    func whatHasNotEndedWellIsNot(_ said: Said) async throws {
        let unit = try await observed(said)
        #expect(unit.ended == [] && !unit.isWell(on: "m1"))
    }

    @Test func whatRunsIsWellWithoutAnEnd() async throws {
        let unit = try await observed(Said(active: "active"))
        #expect(unit.ended == [] && unit.isWell(on: "m1"))
    }

    @Test func aUnitThatNobodyReportsHasNoState() async throws {
        let registry = FleetRegistry(etcd: FakeEtcd())
        try await registry.create(unit: "a.service", UnitFile(parsing: Self.oneshot, file: "a"), target: .launched)
        let unit = try #require(try await RegistryFleet(registry: registry).observe().units["a.service"])
        #expect(unit.ended == [] && unit.states == [:] && !unit.isWell(on: "m1"))
    }
}
