import Basics
import Etcd
import FleetState
import Foundation
import TestKit
import Testing
import UnitFiles

@testable import Fleetd

/// Names of nodes and units, as a name server is given them.
@Suite(.timeLimit(.minutes(5))) struct ClusterNamesTests {
    private let etcd = FakeEtcd()
    private var registry: FleetRegistry { FleetRegistry(etcd: etcd) }

    private func join(_ name: String, _ address: String, ttl: Int64 = 60) async throws -> MachineSession {
        var machine = MachineRecord(id: "id of \(name)", primaryIP: address)
        machine.hostname = name
        return try await registry.register(machine, ttl: ttl)
    }

    private func launch(_ units: String...) async throws {
        for unit in units { try await registry.create(unit: unit, .service(), target: .launched) }
    }

    private func tell(
        _ unit: String,
        _ activeState: String?,
        _ session: MachineSession,
        address: String? = nil,
    ) async throws {
        let state = activeState.map { activeState in
            var state = UnitState.running()
            state.activeState = activeState
            state.address = address.flatMap { IPv4Address($0) }
            return state
        }
        try await registry.publish([StateChange(unit: unit, state: state)], session)
    }

    private func names(after earlier: ClusterNames? = nil) async throws -> ClusterNames {
        ClusterNames(try await registry.snapshot(), after: earlier)
    }

    private func lines(_ names: ClusterNames) -> [String] {
        names.hosts(in: "demo.slipway").split(separator: "\n").map(String.init)
    }

    @Test func aUnitIsFoundWhereItsContainerIsOrElseItsNode() async throws {
        let (one, two) = try await (join("worker-1", "10.9.0.11"), join("worker-2.local", "10.9.0.12"))
        try await launch(
            "db.service",
            "Web_app@1.service",
            "Web_app@2.service",
            "api.socket",
            "clean.timer",
            "off.service"
        )
        try await tell("db.service", "active", one, address: "10.1.5.2")
        try await tell("Web_app@1.service", "active", one, address: "10.1.5.3")
        try await tell("Web_app@2.service", "reloading", two)
        try await tell("api.socket", "active", two)
        try await tell("clean.timer", "active", two)
        try await tell("off.service", "failed", two)
        #expect(
            lines(try await names()) == [
                "10.9.0.11 worker-1.demo.slipway", "10.9.0.12 worker-2.demo.slipway", "10.9.0.12 api.demo.slipway",
                "10.1.5.2 db.demo.slipway", "10.1.5.3 web-app.demo.slipway", "10.9.0.12 web-app.demo.slipway",
                "10.1.5.3 web-app-1.demo.slipway", "10.9.0.12 web-app-2.demo.slipway",
            ]
        )
    }

    @Test func aNodeGoesBeforeAUnitOfItsName() async throws {
        let session = try await join("web-1", "10.9.0.11")
        try await launch("web@1.service")
        try await tell("web@1.service", "active", session, address: "10.1.5.2")
        #expect(lines(try await names()) == ["10.9.0.11 web-1.demo.slipway", "10.1.5.2 web.demo.slipway"])
    }

    /// A machine whose fleetd is of an earlier version says no name; its units have theirs.
    @Test func aMachineWithoutANameHasNone() async throws {
        let session = try await registry.register(MachineRecord(id: "a1", primaryIP: "10.9.0.11"), ttl: 60)
        try await launch("db.service")
        try await tell("db.service", "active", session)
        #expect(lines(try await names()) == ["10.9.0.11 db.demo.slipway"])
    }

    @Test func whatFallsSilentKeepsItsNameUntilItIsElsewhere() async throws {
        let (one, two) = try await (join("worker-1", "10.9.0.11", ttl: 5), join("worker-2", "10.9.0.12"))
        try await launch("db.service")
        try await tell("db.service", "active", one, address: "10.1.5.2")
        let before = try await names()
        etcd.advance(by: .seconds(6))
        #expect(try await registry.machines().map(\.id) == ["id of worker-2"])
        let silent = try await names(after: before)
        #expect(lines(silent) == lines(before))
        try await tell("db.service", "activating", two)
        #expect(lines(try await names(after: silent)) == lines(before))
        try await tell("db.service", "active", two)
        let moved = try await names(after: silent)
        #expect(lines(moved).last == "10.9.0.12 db.demo.slipway")
        // Nobody wants it any more.
        try await registry.setTarget(.loaded, of: "db.service")
        try await tell("db.service", "inactive", two)
        #expect(
            lines(try await names(after: moved))
                == ["10.9.0.11 worker-1.demo.slipway", "10.9.0.12 worker-2.demo.slipway"]
        )
    }

    // MARK: The file

    /// Runs the service until the body has ended.
    private func writing(to file: String, _ body: () async throws -> Void) async throws {
        let watch = ClusterWatch(
            registry,
            logger: FleetMachine.quiet,
            pauses: (.milliseconds(1), .milliseconds(1))
        )
        let service = NamesService(
            watch: watch,
            domain: "demo.slipway",
            path: file,
            logger: FleetMachine.quiet,
            pause: .zero
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            group.addTask { try await service.run() }
            try await body()
            group.cancelAll()
        }
    }

    private func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

    @Test func theFileFollowsEtcdAndStaysWithoutIt() async throws {
        try await TemporaryDirectory.with { directory in
            let file = "\(directory)/names/hosts"
            let session = try await join("worker-1", "10.9.0.11")
            try await writing(to: file) {
                try await eventually("the node is in it") { text(file) == "10.9.0.11 worker-1.demo.slipway\n" }
                try await launch("db.service")
                try await tell("db.service", "active", session, address: "10.1.5.2")
                try await eventually("the unit is in it") { text(file).hasSuffix("10.1.5.2 db.demo.slipway\n") }
                let leaving = try await join("worker-2", "10.9.0.12")
                try await eventually("another node is in it") { text(file).contains("worker-2") }
                try await registry.leave(leaving)
                try await eventually("it has left") { !text(file).contains("worker-2") }
            }
            // Whoever begins without etcd takes nothing away.
            let before = text(file)
            etcd.setOutage(.noQuorum)
            try await writing(to: file) {
                try await Task.sleep(for: .milliseconds(100))
                #expect(text(file) == before)
                etcd.setOutage(nil)
                try await tell("db.service", "active", session, address: "10.1.5.7")
                try await eventually("it goes on") { text(file).hasSuffix("10.1.5.7 db.demo.slipway\n") }
            }
        }
    }

    /// What keeps the file from being written may pass.
    @Test func aFileThatCannotBeWrittenIsTriedAgain() async throws {
        try await TemporaryDirectory.with { directory in
            try Data().write(to: URL(filePath: "\(directory)/names"))
            _ = try await join("worker-1", "10.9.0.11")
            let file = "\(directory)/names/hosts"
            try await writing(to: file) {
                try await Task.sleep(for: .milliseconds(100))
                try FileManager.default.removeItem(atPath: "\(directory)/names")
                try await eventually("it is written") { text(file).contains("worker-1") }
            }
        }
    }

    // MARK: Units' own addresses

    @Test func aUnitsAddressIsTakenOnceItIsActiveAndGoesWithIt() async throws {
        try await TemporaryDirectory.with { directory in
            let machine = FleetMachine("m1", etcd: etcd, directory: "\(directory)/units")
            let file = UnitDirectory(path: machine.directory).addressFile("a.service")
            try FileManager.default.createDirectory(atPath: "\(directory)/addresses", withIntermediateDirectories: true)
            try Data("10.1.5.2\n".utf8).write(to: URL(filePath: file))
            try Data("somewhere\n".utf8).write(to: URL(filePath: "\(directory)/addresses/b.service"))
            try await machine.running {
                try await launch("a.service", "b.service")
                try await eventually("both are active") {
                    let states = try await registry.states()
                    return ["a.service", "b.service"].allSatisfy { states[$0]?["m1"]?.isActive == true }
                }
                let states = try await registry.states()
                #expect(states["a.service"]?["m1"]?.address == IPv4Address("10.1.5.2"))
                #expect(states["b.service"]?["m1"]?.address == nil)
                try await registry.destroy(unit: "a.service")
                try await eventually("it is gone with the unit") { !FileManager.default.fileExists(atPath: file) }
            }
        }
    }
}
