import Etcd
import FleetState
import Fleetd
import Foundation
import Systemd
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct EngineTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func withMachines(
        _ metadata: [String: [String: String]],
        _ body: ([String: FleetMachine]) async throws -> Void,
    ) async throws {
        try await TemporaryDirectory.with { directory in
            var machines: [String: FleetMachine] = [:]
            for (id, metadata) in metadata {
                machines[id] = FleetMachine(id, etcd: etcd, directory: "\(directory)/\(id)", metadata: metadata)
            }
            let tasks = machines.values.map { machine in Task { try await machine.run() } }
            defer { for task in tasks { task.cancel() } }
            try await eventually("all are there") { try await registry.machines().count == metadata.count }
            try await body(machines)
        }
    }

    @Test func spreadsUnits() async throws {
        try await withMachines(["m1": [:], "m2": [:], "m3": [:]]) { machines in
            for number in 0..<9 {
                try await registry.create(unit: "u\(number).service", .service("\(number)"), target: .launched)
            }
            try await eventually("all run") {
                let states = try await registry.states()
                return states.count == 9 && states.values.allSatisfy { $0.values.allSatisfy(\.isActive) }
            }
            let schedule = try await registry.snapshot().schedule.values.map(\.value)
            #expect(Dictionary(grouping: schedule) { $0 }.mapValues(\.count) == ["m1": 3, "m2": 3, "m3": 3])
            #expect(machines.values.map(\.files.count) == [3, 3, 3])
        }
    }

    @Test func saysWhyAUnitFitsNowhere() async throws {
        try await withMachines(["m1": ["role": "web"]]) { _ in
            let file = UnitFile.service(fleet: [("MachineMetadata", "role=db")])
            try await registry.create(unit: "db.service", file, target: .launched)
            try await eventually("the reason is written") {
                try await registry.unit("db.service")?.reason?.contains("role=db") == true
            }
            let writes = etcd.writes
            try await registry.setMetadata([("m1", "role", "db")])
            try await eventually("it is placed") {
                let unit = try await registry.unit("db.service")
                return unit?.machineID == "m1" && unit?.reason == nil
            }
            #expect(etcd.writes < writes + 20)
        }
    }

    @Test func movesUnitsOfAMachineThatIsGone() async throws {
        try await TemporaryDirectory.with { directory in
            let lost = try await registry.register(.named("m9"), ttl: 5)
            let leader = try #require(try await registry.campaign(lost))
            try await registry.create(unit: "a.service", .service(), target: .launched)
            let snapshot = try await registry.snapshot()
            _ = try await registry.apply([Placement(unit: "a.service", .place(on: "m9"))], snapshot, leader)
            let machine = FleetMachine("m1", etcd: etcd, directory: directory)
            try await machine.running {
                try await eventually("m1 is there") { machine.presence.session != nil }
                #expect(machine.files == [])
                etcd.advance(by: .seconds(6))
                try await eventually("it runs on m1") { try await machine.isActive("a.service") }
            }
        }
    }

    /// etcd may end leases before their time (https://github.com/etcd-io/etcd/issues/15247).
    @Test func aMachineWhoseLeaseIsEndedIsBackAtOnceAndKeepsItsUnits() async throws {
        try await withMachines(["m1": [:], "m2": [:]]) { machines in
            try await registry.create(unit: "a.service", .service(), target: .launched)
            var owner: FleetMachine?
            try await eventually("it runs") {
                for machine in machines.values where try await machine.isActive("a.service") { owner = machine }
                return owner != nil
            }
            let machine = try #require(owner)
            let session = try #require(machine.presence.session)
            let jobs = machine.jobs("a.service")
            try await etcd.revoke(session.lease)
            try await eventually(within: .seconds(10), "it is registered anew, long before it would renew its lease") {
                machine.presence.session.map { $0.lease != session.lease } ?? false
            }
            let other = try #require(machines.values.first { $0.id != machine.id })
            try await registry.create(unit: "b.service", .service(fleet: [("MachineID", other.id)]), target: .launched)
            try await eventually("an engine has looked") { try await other.isActive("b.service") }
            #expect(try await registry.unit("a.service")?.machineID == machine.id)
            #expect(machine.jobs("a.service") == jobs)
        }
    }

    @Test func anEngineThatHasJustComeWaitsForTheOthers() async throws {
        try await TemporaryDirectory.with { directory in
            try await registry.create(unit: "a.service", .service(), target: .launched)
            let other = try await registry.register(.named("m9"), ttl: 600)
            let leader = try #require(try await registry.campaign(other))
            let snapshot = try await registry.snapshot()
            _ = try await registry.apply([Placement(unit: "a.service", .place(on: "m9"))], snapshot, leader)
            // After an outage every lease has ended, and m1 is the first to be back.
            try await registry.leave(other)
            let machine = FleetMachine("m1", etcd: etcd, directory: directory, patience: .seconds(30))
            try await machine.running {
                try await registry.create(unit: "new.service", .service(), target: .launched)
                try await eventually("m1 leads and places what is new") {
                    try await machine.isActive("new.service")
                }
                #expect(try await registry.unit("a.service")?.machineID == "m9")
                _ = try await registry.register(.named("m9"), ttl: 600)
                try await registry.create(unit: "newer.service", .service(), target: .launched)
                try await eventually("the engine has looked again") {
                    try await registry.unit("newer.service")?.machineID != nil
                }
                #expect(try await registry.unit("a.service")?.machineID == "m9")
            }
        }
    }

    @Test func anEngineThatIsStartedAgainWaitsForNobody() async throws {
        try await TemporaryDirectory.with { directory in
            try await registry.create(unit: "a.service", .service(), target: .launched)
            let other = try await registry.register(.named("m9"), ttl: 600)
            let leader = try #require(try await registry.campaign(other))
            let snapshot = try await registry.snapshot()
            _ = try await registry.apply([Placement(unit: "a.service", .place(on: "m9"))], snapshot, leader)
            // By the fleetd that died.
            _ = try await registry.register(.named("m1"), ttl: 600)
            try await registry.leave(other)
            let machine = FleetMachine("m1", etcd: etcd, directory: directory, patience: .seconds(3600))
            try await machine.running {
                try await eventually("it runs on m1") { try await machine.isActive("a.service") }
            }
        }
    }

    @Test func aUnitThatFitsNowhereElseStaysWithAMachineThatIsGone() async throws {
        try await withMachines(["m1": [:]]) { _ in
            let file = UnitFile.service(fleet: [("MachineID", "m9")])
            try await registry.create(unit: "a.service", file, target: .launched)
            let gone = try await registry.register(.named("m9"), ttl: 600)
            try await eventually("it is placed on m9") {
                let unit = try await registry.unit("a.service")
                return unit?.machineID == "m9" && unit?.reason == nil
            }
            let placed = try await registry.snapshot().schedule["a.service"]
            try await registry.leave(gone)
            try await eventually("the reason is written") { try await registry.unit("a.service")?.reason != nil }
            #expect(try await registry.snapshot().presentMachine(of: "a.service") == nil)
            _ = try await registry.register(.named("m9"), ttl: 600)
            try await eventually("the reason is gone") { try await registry.unit("a.service")?.reason == nil }
            // Whatever m9 read meanwhile, the unit was to run on it.
            #expect(try await registry.snapshot().schedule["a.service"] == placed)
        }
    }

    @Test func drainsAMachineAndRebalancesAfterwards() async throws {
        try await withMachines(["m1": [:], "m2": [:]]) { machines in
            for number in 0..<6 {
                try await registry.create(unit: "u\(number).service", .service("\(number)"), target: .launched)
            }
            let pinned = UnitFile.service(fleet: [("MachineID", "m1")])
            try await registry.create(unit: "pinned.service", pinned, target: .launched)
            try await eventually("all run") {
                try await registry.states().values.count { $0.values.allSatisfy(\.isActive) } == 7
            }
            try await registry.setDraining(true, "m1")
            try await eventually("all that can have left m1") {
                let snapshot = try await registry.snapshot()
                return machines["m1"]?.files == ["pinned.service"] && machines["m2"]?.files.count == 6
                    && snapshot.reasons["pinned.service"]?.contains("drained") == true
            }
            try await registry.setDraining(false, "m1")
            try await registry.setRebalance(.once)
            try await eventually("the load is even, and the wish forgotten") {
                let snapshot = try await registry.snapshot()
                return machines["m1"]?.files.count == 3 && snapshot.rebalance == .off && snapshot.reasons.isEmpty
            }
        }
    }

    @Test func updatesInstanceByInstanceAndTakesBackWhatFails() async throws {
        try await withMachines(["m1": [:]]) { machines in
            let machine = try #require(machines["m1"])
            let (old, new) = (UnitFile.service("old"), UnitFile.service("new"))
            let names = (1...3).map { "w@\($0).service" }
            for name in names { try await registry.create(unit: name, old, target: .launched) }
            try await eventually("all run") {
                try await registry.states().values.count { $0["m1"]?.isActive == true } == 3
            }
            func update(_ file: UnitFile) async throws {
                var record = UpdateRecord(text: file.canonicalText, hash: file.hash.hex, waiting: names)
                record.settleSeconds = 0
                let before = try await registry.snapshot().updates["w@.service"]
                try await registry.begin(update: "w@.service", record, replacing: before)
            }
            try await update(new)
            try await eventually("all have it") {
                try await registry.snapshot().updates["w@.service"]?.value.phase == .done
            }
            #expect(try await registry.units().allSatisfy { $0.unit.hash == new.hash })
            machine.systemd.script(.start, "w@2.service", .result(.failed))
            try await update(.service("bad"))
            try await eventually("it is taken back") {
                try await registry.snapshot().updates["w@.service"]?.value.phase == .rolledBack
            }
            let record = try await registry.snapshot().updates["w@.service"]?.value
            #expect(record?.reason == "w@2.service failed")
            #expect(try await registry.units().allSatisfy { $0.unit.hash == new.hash })
        }
    }

    @Test func globalUnitsRunWhereTheyFit() async throws {
        try await withMachines(["m1": ["role": "web"], "m2": ["role": "web"], "m3": [:]]) { machines in
            let file = UnitFile.service(fleet: [("Global", "true"), ("MachineMetadata", "role=web")])
            try await registry.create(unit: "g.service", file, target: .launched)
            try await eventually("it runs on two") {
                try await registry.states()["g.service"]?.keys.sorted() == ["m1", "m2"]
            }
            #expect(machines["m3"]?.files == [])
            #expect(try await registry.snapshot().schedule.isEmpty)
        }
    }

    @Test func anIdleClusterWritesNothing() async throws {
        try await withMachines(["m1": [:], "m2": [:]]) { _ in
            for number in 0..<10 {
                try await registry.create(unit: "u\(number).service", .service("\(number)"), target: .launched)
            }
            try await eventually("all run") {
                let states = try await registry.states()
                return states.count == 10 && states.values.allSatisfy { $0.values.allSatisfy(\.isActive) }
            }
            try await Task.sleep(for: .milliseconds(100))
            let before = etcd.requests
            try await Task.sleep(for: .milliseconds(300))
            #expect(etcd.requests == before)
        }
    }
}
