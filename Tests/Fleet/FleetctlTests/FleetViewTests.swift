import FleetAPI
import Fleetctl
import Synchronization
import Testing
import UnitFiles

@Suite struct FleetViewTests {
    private static let option = UnitOption(section: "Unit", name: "Description", value: "Hi")

    private func details(from before: FleetView, to after: FleetView) -> [String] {
        after.events(since: before).map { "\($0.kind.rawValue): \($0.detail)" }
    }

    @Test func machinesComeAndGo() {
        let before = FleetView(machines: [APIMachine(id: "aaaaaaaa1"), APIMachine(id: "bbbbbbbb1")])
        let after = FleetView(
            machines: [
                APIMachine(id: "bbbbbbbb1", metadata: ["k": "v"]), APIMachine(id: "cccccccc1", primaryIP: "10.0.0.3"),
            ]
        )
        #expect(
            details(from: before, to: after) == [
                "machineLeft: aaaaaaaa... left the cluster",
                "machineChanged: bbbbbbbb... has other metadata or another address",
                "machineJoined: cccccccc.../10.0.0.3 joined the cluster",
            ]
        )
        #expect(details(from: after, to: after).isEmpty)
    }

    @Test func aNewUnitIsKnownThenPlaced() {
        let unit = APIUnit(name: "a.service", options: [], desiredState: .launched, machineID: "aaaaaaaa1")
        #expect(
            details(from: FleetView(), to: FleetView(units: [unit])) == [
                "unitCreated: a.service is known, and to be launched", "unitPlaced: a.service goes to aaaaaaaa...",
            ]
        )
    }

    @Test func unitsChange() {
        let before = FleetView(
            units: [
                APIUnit(name: "a.service", options: [], desiredState: .launched, machineID: "aaaaaaaa1"),
                APIUnit(name: "b.service", options: [], desiredState: .loaded, machineID: "aaaaaaaa1"),
                APIUnit(name: "c.service", options: [], desiredState: .launched),
                APIUnit(name: "d.service", options: [], desiredState: .launched),
            ]
        )
        let after = FleetView(
            units: [
                APIUnit(name: "a.service", options: [Self.option], desiredState: .launched, machineID: "bbbbbbbb1"),
                APIUnit(name: "b.service", options: [], desiredState: .inactive),
                APIUnit(name: "c.service", options: [], desiredState: .launched, statusReason: "no zone=c"),
            ]
        )
        #expect(
            details(from: before, to: after).map { $0.prefix { $0 != "," } } == [
                "unitReplaced: a.service has another content",
                "unitMoved: a.service goes to bbbbbbbb... from aaaaaaaa...", "unitWanted: b.service is to be inactive",
                "unitRemoved: b.service is taken from aaaaaaaa...",
                "unitUnplaceable: c.service is on no machine: no zone=c",
                "unitDestroyed: d.service is destroyed",
            ]
        )
    }

    @Test func statesChange() {
        func view(_ active: String, _ sub: String) -> FleetView {
            FleetView(states: [
                APIUnitState(
                    name: "a.service",
                    machineID: "aaaaaaaa1",
                    systemdActiveState: active,
                    systemdSubState: sub
                )
            ])
        }
        #expect(
            details(from: view("active", "running"), to: view("failed", "failed"))
                == ["unitState: a.service is failed/failed on aaaaaaaa..., was active/running"]
        )
        #expect(details(from: view("active", "running"), to: view("active", "running")).isEmpty)
    }

    // MARK: The command

    /// What `events -f` tells when `change` happens between its first look and its second.
    private func followed(
        isJSON: Bool = false,
        units: [String] = [],
        looks: Int = 2,
        _ change: @escaping @Sendable (Int, inout StubFleet.Storage) -> Void,
    ) async throws -> StubRun {
        let run = StubRun()
        let pauses = Mutex(0)
        var context = run.context()
        context.now = { "noon" }
        context.pause = Pause { _ in
            let number = pauses.withLock { count in
                count += 1
                return count
            }
            run.fleet.change { change(number, &$0) }
        }
        try await EventOperations(context, isJSON: isJSON, units: units).follow(looks: looks)
        return run
    }

    @Test func followsWhatHappens() async throws {
        let run = try await followed(looks: 3) { pause, storage in
            guard pause == 1 else { return }
            storage.units["a.service"] = APIUnit(name: "a.service", options: [], desiredState: .loaded)
        }
        #expect(run.out == "noon a.service is known, and to be loaded\n")
    }

    @Test func tellsOnlyOfUnitsAskedFor() async throws {
        let run = try await followed(isJSON: true, units: ["web@*"]) { _, storage in
            storage.machines = []
            for name in ["a.service", "web@1.service"] { storage.units[name] = APIUnit(name: name, options: []) }
        }
        let line =
            #"{"detail":"web@1.service is known, and to be inactive","kind":"unitCreated","time":"noon","#
            + #""unit":"web@1.service"}"#
        #expect(run.out == line + "\n")
    }

    @Test func whatIsThereIsTold() async throws {
        let run = StubRun()
        run.fleet.change { $0.units["a.service"] = APIUnit(name: "a.service", options: []) }
        try await EventOperations(run.context()).tellPresent()
        #expect(run.out == " aaaaaaaa.../10.0.0.5 joined the cluster\n a.service is known, and to be inactive\n")
    }

    @Test func looksAgainWhenToldOfAChange() async throws {
        let run = StubRun()
        let pauses = Mutex([Duration]())
        run.fleet.change { $0.revisions = [7, 7, 7, 9] }
        var context = run.context()
        context.pause = Pause { pause in
            pauses.withLock { $0.append(pause) }
            run.fleet.change { $0.units["a.service"] = APIUnit(name: "a.service", options: []) }
        }
        try await EventOperations(context).follow(looks: 2)
        #expect(run.out == " a.service is known, and to be inactive\n")
        let waits = run.fleet.requests.filter { $0.contains("/changes") }
        let wait = "GET /fleet/v1/changes?alt=json&since=7&wait=2"
        #expect(waits == ["GET /fleet/v1/changes?alt=json", wait, wait, wait])
        #expect(pauses.withLock { $0 } == [.milliseconds(50)])
    }

    @Test func anOutageIsToldOnceAndOutlived() async throws {
        let run = try await followed(looks: 4) { pause, storage in
            storage.units["a.service"] = APIUnit(name: "a.service", options: [], desiredState: .launched)
            storage.outage = pause < 3 ? 3 : 0
        }
        #expect(run.err.split(separator: "\n").count == 1)
        #expect(run.err.contains("asking again"))
        #expect(run.out.hasPrefix("noon a.service is known"))
    }
}
