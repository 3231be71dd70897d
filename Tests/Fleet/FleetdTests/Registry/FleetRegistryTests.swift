import Etcd
import FleetState
import TestKit
import Testing
import UnitFiles

struct FleetRegistryTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    @Test func aUnitsLifeLeavesNothing() async throws {
        try await registry.create(unit: "a.service", .service(), target: .launched)
        let unit = try #require(try await registry.unit("a.service"))
        #expect(unit.unit.file == .service() && unit.target == .launched && unit.machineID == nil)
        try await registry.setTarget(.loaded, of: "a.service")
        #expect(try await registry.units().map(\.target) == [.loaded])
        try await registry.destroy(unit: "a.service")
        #expect(try await registry.keys() == [])
    }

    @Test func refusesWhatMakesNoSense() async throws {
        try await registry.create(unit: "a.service", .service())
        await expect(.unitExists) { try await registry.create(unit: "a.service", .service("/bin/true")) }
        await expect(.noSuchUnit) { try await registry.setTarget(.loaded, of: "b.service") }
        await expect(.noSuchUnit) { try await registry.destroy(unit: "b.service") }
        await expect(.noSuchUnit) { try await registry.replace(unit: "b.service", .service(), target: .loaded) }
        let revision = try #require(try await registry.unit("a.service")).unit.revision
        try await registry.replace(unit: "a.service", .service("1"), target: .loaded, since: revision)
        await expect(.changedMeanwhile) {
            try await registry.replace(unit: "a.service", .service("2"), target: .loaded, since: revision)
        }
    }

    /// More than one transaction takes; a drain that somebody asked for is not the lease's to end.
    @Test func machinesAreDrainedForATime() async throws {
        try await registry.setDraining(true, "m7")
        let machines = Set((1...300).map { "m\($0)" })
        try await registry.drain(machines, forSeconds: 60)
        #expect(try await registry.snapshot().draining == machines)
        // Somebody begins once more: the time is counted anew.
        etcd.advance(by: .seconds(50))
        try await registry.drain(machines, forSeconds: 60)
        etcd.advance(by: .seconds(50))
        #expect(try await registry.snapshot().draining == machines)
        try await registry.setDraining(false, "m8")
        etcd.advance(by: .seconds(61))
        #expect(try await registry.snapshot().draining == ["m7"])
    }

    @Test func listsAreOneRequestEach() async throws {
        for number in 0..<20 { try await registry.create(unit: "u\(number).service", .service("\(number)")) }
        let before = etcd.requests
        _ = try await registry.units()
        _ = try await registry.machines()
        _ = try await registry.states()
        _ = try await registry.snapshot()
        #expect(etcd.requests == before + 4)
    }

    @Test func aMachineGoesWithItsLease() async throws {
        let session = try await registry.register(.named("m1", ["role": "web"]), ttl: 5)
        try await registry.publish([StateChange(unit: "a.service", state: .running())], session)
        _ = try await registry.campaign(session)
        #expect(try await registry.machines().map(\.metadata) == [["role": "web"]])
        #expect(try await registry.keys() == ["engine", "machine/m1", "state/a.service/m1"])
        etcd.advance(by: .seconds(4))
        _ = try await registry.keepAlive(session)
        etcd.advance(by: .seconds(4))
        #expect(try await registry.keys().count == 3)
        etcd.advance(by: .seconds(1))
        #expect(try await registry.keys() == [])
        await expect(.machineLost) { _ = try await registry.keepAlive(session) }
        await expect(.machineLost) { try await registry.publish([StateChange(unit: "a", state: nil)], session) }
    }

    @Test func aRestartTakesOver() async throws {
        let first = try await registry.register(.named("m1"), ttl: 5)
        let leader = try #require(try await registry.campaign(first))
        let second = try await registry.register(.named("m1"), ttl: 5)
        #expect(second.createRevision == first.createRevision && second.lease != first.lease)
        #expect(try await registry.campaign(second)?.createRevision == leader.createRevision)
        etcd.advance(by: .seconds(4))
        _ = try await registry.keepAlive(second)
        etcd.advance(by: .seconds(4))
        #expect(try await registry.keys() == ["engine", "machine/m1"])
    }

    @Test func anotherMachineWithTheSameIDIsRefused() async throws {
        _ = try await registry.register(.named("m1"), ttl: 5)
        var twin = MachineRecord.named("m1")
        (twin.primaryIP, twin.token) = ("10.9.9.9", "another boot")
        await expect(.duplicateMachine) { _ = try await registry.register(twin, ttl: 5) }
        #expect(etcd.store.leases.count == 1)
        etcd.advance(by: .seconds(5))
        _ = try await registry.register(twin, ttl: 5)
    }

    @Test func oneEngineLeads() async throws {
        let first = try await registry.register(.named("m1"), ttl: 5)
        let second = try await registry.register(.named("m2"), ttl: 5)
        let leader = try #require(try await registry.campaign(first))
        #expect(try await registry.campaign(first) == leader)
        #expect(try await registry.campaign(second) == nil)
        try await registry.resign(leader)
        #expect(try await registry.campaign(second)?.machineID == "m2")
    }

    @Test func anEngineThatIsNotLeadingPlacesNothing() async throws {
        let session = try await registry.register(.named("m1"), ttl: 5)
        let leader = try #require(try await registry.campaign(session))
        try await registry.create(unit: "a.service", .service(), target: .launched)
        let snapshot = try await registry.snapshot()
        try await registry.resign(leader)
        await expect(.changedMeanwhile) {
            _ = try await registry.apply([Placement(unit: "a.service", .place(on: "m1"))], snapshot, leader)
        }
        #expect(try await registry.keys().contains("schedule/a.service") == false)
    }

    @Test func placementsDecidedUponOldStateAreLeftOut() async throws {
        let session = try await registry.register(.named("m1"), ttl: 5)
        let leader = try #require(try await registry.campaign(session))
        for name in ["a.service", "b.service"] { try await registry.create(unit: name, .service(), target: .launched) }
        let snapshot = try await registry.snapshot()
        try await registry.setTarget(.inactive, of: "a.service")
        let placements = ["a.service", "b.service"].map { Placement(unit: $0, .place(on: "m1")) }
        #expect(try await registry.apply(placements, snapshot, leader).skipped == ["a.service"])
        #expect(try await registry.units().map(\.machineID) == [nil, "m1"])
    }

    @Test func metadataSetThroughTheAPIGoesOverTheMachines() async throws {
        _ = try await registry.register(.named("m1", ["a": "1", "b": "2"]), ttl: 5)
        try await registry.setMetadata([("m1", "a", "x"), ("m1", "b", nil), ("m2", "c", "y")])
        #expect(try await registry.machines().map(\.metadata) == [["a": "x"]])
    }

    private func expect(
        _ code: RegistryError.Code,
        _ body: () async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) async {
        let error = await #expect(throws: RegistryError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}
