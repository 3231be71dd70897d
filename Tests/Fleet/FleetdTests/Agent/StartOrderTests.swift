import Etcd
import FleetState
import Fleetd
import Systemd
import TestKit
import Testing
import UnitFiles

@Suite(.timeLimit(.minutes(5)))
struct StartOrderTests {
    private func unit(_ name: String, launched: Bool = true, after: Set<String> = []) -> (String, DesiredUnit) {
        (name, DesiredUnit(name: name, hash: "h", launched: launched, after: after))
    }

    private func order(_ units: [(String, DesiredUnit)], running: Bool = false) -> [String] {
        let current = units.map { ($0.0, CurrentUnit(name: $0.0, hash: "h", launched: running)) }
        return AgentReconciler.actions(
            desired: Dictionary(uniqueKeysWithValues: units),
            current: Dictionary(uniqueKeysWithValues: current),
        ).compactMap(\.unit)
    }

    @Test func unitsStartAfterThoseTheyNeed() {
        let units = [unit("a", after: ["c"]), unit("b"), unit("c", after: ["d"]), unit("d"), unit("e", after: ["x"])]
        #expect(order(units) == ["d", "c", "a", "b", "e"])
    }

    @Test func unitsStopBeforeThoseTheyNeed() {
        let units = [unit("a", launched: false, after: ["b"]), unit("b", launched: false), unit("c", launched: false)]
        #expect(order(units, running: true) == ["c", "a", "b"])
    }

    @Test func aCircleIsBroken() {
        #expect(order([unit("a", after: ["b"]), unit("b", after: ["a"])]) == ["b", "a"])
    }

    @Test func afterRequiresAndBeforeAreRead() async throws {
        let etcd = FakeEtcd()
        let registry = FleetRegistry(etcd: etcd)
        func file(_ lines: String) throws -> UnitFile {
            try UnitFile(parsing: "[Unit]\n\(lines)\n[Service]\nExecStart=/bin/true\n[X-Fleet]\nGlobal=true\n")
        }
        _ = try await registry.register(.named("m1"), ttl: 60)
        try await registry.create(unit: "a@1.service", file("After=b@%i.service network.target"), target: .launched)
        try await registry.create(unit: "b@1.service", file("Requires=c.service"), target: .launched)
        try await registry.create(unit: "c.service", file(""), target: .launched)
        try await registry.create(unit: "z.service", file("Before=c.service"), target: .launched)
        let desired = try await registry.snapshot().desiredUnits(on: "m1")
        let order: [String: Set<String>] = [
            "a@1.service": ["b@1.service"], "b@1.service": ["c.service"], "c.service": ["z.service"], "z.service": [],
        ]
        #expect(desired.mapValues(\.after) == order)
    }

    @Test func whatATimerStartsIsNotStoppedByARestartOfFleetd() async throws {
        try await TemporaryDirectory.with { directory in
            let (etcd, systemd) = (FakeEtcd(), FakeSystemd())
            let registry = FleetRegistry(etcd: etcd)
            try await registry.create(unit: "job.service", .service(), target: .loaded)
            try await registry.create(unit: "job.timer", .service(), target: .launched)
            try await FleetMachine("m1", etcd: etcd, directory: directory, systemd: systemd).running {
                try await eventually("both are told of") { try await registry.states().count == 2 }
                systemd.setState("job.service", active: "active", sub: "running")
                try await eventually("it is told that it runs") {
                    try await registry.states()["job.service"]?["m1"]?.isActive == true
                }
            }
            systemd.forgetCalls()
            let again = FleetMachine("m1", etcd: etcd, directory: directory, systemd: systemd)
            try await again.running {
                try await registry.create(unit: "later.service", .service(), target: .launched)
                try await eventually("fleetd is at work again") { try await again.isActive("later.service") }
                #expect(again.jobs("job.service") == [])
            }
        }
    }
}
