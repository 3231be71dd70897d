import Etcd
import FleetState
import Logging
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct ClusterWatchTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func withWatch(_ body: (ClusterWatch) async throws -> Void) async throws {
        let watch = ClusterWatch(
            registry,
            logger: Logger(label: "test"),
            pauses: (.milliseconds(1), .milliseconds(1))
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            try await body(watch)
            group.cancelAll()
        }
    }

    /// The copy that events made is what a fresh read gives.
    private func expectCurrent(_ watch: ClusterWatch, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let fresh = try await registry.snapshot()
        #expect(await watch.wait(until: fresh.revision, within: .seconds(30)), sourceLocation: sourceLocation)
        #expect(watch.snapshot == fresh, sourceLocation: sourceLocation)
    }

    @Test func followsEveryKindOfChange() async throws {
        try await registry.create(unit: "old.service", .service())
        try await withWatch { watch in
            let session = try await registry.register(.named("m1"), ttl: 5)
            let leader = try #require(try await registry.campaign(session))
            try await registry.create(unit: "a.service", .service(), target: .launched)
            let snapshot = try await registry.snapshot()
            let placements = [
                Placement(unit: "a.service", .place(on: "m1")), Placement(unit: "old.service", .explain("no room")),
            ]
            _ = try await registry.apply(placements, snapshot, leader)
            try await registry.publish([StateChange(unit: "a.service", state: .running())], session)
            try await registry.setMetadata([("m1", "k", "v")])
            try await expectCurrent(watch)
            #expect(watch.snapshot?.currentState(of: "a.service") == .launched)
            #expect(watch.snapshot?.reasons == ["old.service": "no room"])
            try await registry.destroy(unit: "a.service")
            etcd.advance(by: .seconds(6))
            try await expectCurrent(watch)
            #expect(watch.snapshot?.machines.isEmpty == true && watch.snapshot?.states.isEmpty == true)
        }
    }

    @Test func keepsWhatItKnowsWhileEtcdIsAway() async throws {
        try await registry.create(unit: "a.service", .service())
        try await withWatch { watch in
            try await expectCurrent(watch)
            etcd.setOutage(.noQuorum)
            watch.refresh()
            try await eventually("the failure is told") { watch.failure != nil }
            #expect(watch.snapshot?.units.keys.sorted() == ["a.service"])
            etcd.setOutage(nil)
            try await registry.destroy(unit: "a.service")
            try await expectCurrent(watch)
            #expect(watch.failure == nil)
        }
    }

    @Test func startsWithoutEtcd() async throws {
        etcd.setOutage(.noQuorum)
        try await withWatch { watch in
            try await eventually("the failure is told") { watch.failure != nil }
            #expect(watch.snapshot == nil)
            etcd.setOutage(nil)
            try await expectCurrent(watch)
        }
    }

    @Test func aValueNobodyUnderstandsChangesNothing() async throws {
        try await withWatch { watch in
            try await registry.create(unit: "a.service", .service(), target: .launched)
            _ = try await registry.register(.named("m1"), ttl: 600)
            try await expectCurrent(watch)
            let keys = [registry.keyspace.desired("a.service"), registry.keyspace.machine("m1")]
            for key in keys { try await etcd.put(key, "[1]") }
            // Also not when everything is read anew.
            for _ in 1...2 {
                try await eventually("it is noticed") { watch.snapshot?.malformed.count == 2 }
                #expect(watch.snapshot?.target(of: "a.service") == .launched)
                #expect(watch.snapshot?.machines["m1"]?.record.primaryIP == MachineRecord.named("m1").primaryIP)
                #expect(watch.snapshot?.unknownUnits == ["a.service"])
                #expect(watch.snapshot?.reason(of: "a.service")?.contains("not understood") == true)
                watch.refresh()
            }
            try await etcd.delete(.key(keys[1]))
            try await registry.setTarget(.loaded, of: "a.service")
            try await expectCurrent(watch)
            #expect(watch.snapshot?.malformed == [:])
        }
    }

    @Test func worksOnARealEtcd() async throws {
        try await RealEtcd.with { server in
            let registry = FleetRegistry(etcd: EtcdHTTPClient.patient(server.clientURLs))
            let watch = ClusterWatch(registry, logger: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watch.run() }
                let session = try await registry.register(.named("m1"), ttl: 60)
                let leader = try #require(try await registry.campaign(session))
                for number in 0..<150 { try await registry.create(unit: "u\(number).service", .service("\(number)")) }
                let snapshot = try await registry.snapshot()
                let placements = snapshot.units.keys.sorted().map { Placement(unit: $0, .place(on: "m1")) }
                #expect(try await registry.apply(placements, snapshot, leader).skipped == [])
                try await registry.publish(placements.map { StateChange(unit: $0.unit, state: .running()) }, session)
                let fresh = try await registry.snapshot()
                #expect(await watch.wait(until: fresh.revision, within: .seconds(30)))
                #expect(watch.snapshot == fresh && fresh.states.count == 150 && fresh.schedule.count == 150)
                try await registry.leave(session)
                #expect(try await registry.snapshot().states.isEmpty)
                group.cancelAll()
            }
        }
    }
}
