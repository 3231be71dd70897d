import Etcd
import FleetState
import Fleetd
import Systemd
import TestKit
import Testing
import UnitFiles

/// When a machine tells of a unit for the first time: each state is written to etcd, and read by every machine.
@Suite(.timeLimit(.minutes(5)))
struct FirstStateTests {
    let etcd = FakeEtcd()
    var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func state(_ unit: String) async throws -> UnitState? {
        try await registry.snapshot().states[unit]?["m1"]?.state
    }

    private func running(patience: Duration, _ body: (FleetMachine) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: directory, startPatience: patience)
            try await machine.running { try await body(machine) }
        }
    }

    @Test func aUnitIsToldOfOnceItsStartHasEnded() async throws {
        try await running(patience: .seconds(3_600)) { machine in
            machine.systemd.script(.start, "a.service", .hang)
            try await registry.create(unit: "a.service", .service(), target: .launched)
            try await eventually("it is being started") { machine.jobs("a.service") == [.start] }
            // A later pass would tell of both.
            try await registry.create(unit: "b.service", .service(), target: .loaded)
            try await eventually("the other one is told") { try await state("b.service") != nil }
            #expect(try await state("a.service") == nil)
            machine.systemd.finish("a.service")
            try await eventually("it is told") { try await state("a.service") != nil }
            #expect(try await state("a.service")?.isActive == true)
            let key = registry.keyspace.state("a.service", on: "m1")
            #expect(try await etcd.range(RangeRequest(.key(key))).keyValues.first?.version == 1)
        }
    }

    @Test func aStartThatFailsIsToldAtOnce() async throws {
        try await running(patience: .seconds(3_600)) { machine in
            let missing = SystemdError(.refused, operation: "start b.service", message: "Unit c.service not found.")
            machine.systemd.script(.start, "a.service", .result(.failed))
            machine.systemd.script(.start, "b.service", .error(missing))
            for unit in ["a.service", "b.service"] {
                try await registry.create(unit: unit, .service(), target: .launched)
            }
            try await eventually("the failure is told") { try await state("a.service")?.activeState == "failed" }
            try await eventually("the refusal is told") { try await state("b.service")?.reason != nil }
        }
    }

    @Test func aStartThatTakesLongIsToldMeanwhile() async throws {
        try await running(patience: .milliseconds(20)) { machine in
            machine.systemd.script(.start, "a.service", .hang)
            try await registry.create(unit: "a.service", .service(), target: .launched)
            try await eventually("it is told") { try await state("a.service")?.activeState == "activating" }
            machine.systemd.finish("a.service")
            try await eventually("it runs") { try await state("a.service")?.isActive == true }
        }
    }
}
