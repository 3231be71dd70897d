import Etcd
import Fleet
import FleetRegistry
import Foundation
import Systemd
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(1)))
struct EngineTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func withMachines(
        _ metadata: [String: [String: String]],
        _ body: ([String: FleetMachine]) async throws -> Void,
    ) async throws {
        try await withTemporaryDirectory { directory in
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
        try await withTemporaryDirectory { directory in
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

    @Test func anEngineThatHasJustComeWaitsForTheOthers() async throws {
        try await withTemporaryDirectory { directory in
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
