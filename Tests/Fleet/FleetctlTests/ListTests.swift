import FleetAPI
import Testing
import UnitFiles

@testable import Fleetctl

@Suite struct ListTests {
    private func style(_ fields: String, full: Bool = false, legend: Bool = true) -> ListStyle {
        ListStyle(fields: fields, isFull: full, hasLegend: legend)
    }

    private func filled() -> StubRun {
        let run = StubRun()
        run.fleet.change { storage in
            let id = storage.machines[0].id
            let options = [UnitOption(section: "Unit", name: "Description", value: "Hi")]
            storage.machines[0].metadata = ["zone": "a", "role": "web"]
            storage.machines.append(APIMachine(id: "bbbb"))
            storage.units = [
                "a.service": APIUnit(
                    name: "a.service",
                    options: options,
                    desiredState: .launched,
                    currentState: .launched,
                    machineID: id,
                ),
                "b.service": APIUnit(
                    name: "b.service",
                    options: [UnitOption(section: "X-Fleet", name: "Global", value: "true")],
                    desiredState: .launched,
                    currentState: .inactive,
                ),
                "c.service": APIUnit(name: "c.service", desiredState: .inactive, statusReason: "none"),
            ]
        }
        return run
    }

    @Test func tabsReachTheNextStop() {
        let rows = [["UNIT", "MACHINE", "SUB"], ["hello.service", "1234567", "x"], ["a", "12345678", ""]]
        #expect(
            TabTable.text(rows)
                == "UNIT\t\tMACHINE\t\tSUB\nhello.service\t1234567\t\tx\na\t\t12345678\t\n"
        )
        #expect(TabTable.text([]) == "")
    }

    @Test func units() async throws {
        let run = filled()
        let list = ListOperations(context: run.context(), style: style("unit,machine,active,sub"), isJSON: false)
        try await list.listUnits()
        #expect(
            run.out == "UNIT\t\tMACHINE\t\t\tACTIVE\tSUB\na.service\taaaaaaaa.../10.0.0.5\tactive\trunning\n"
        )
    }

    @Test func unitsWithReasons() async throws {
        let run = filled()
        run.fleet.change { storage in
            storage.units["d.service"] = APIUnit(name: "d.service", desiredState: .loaded, statusReason: "no zone=c")
        }
        let chosen = style("unit,active,reason", legend: false)
        try await ListOperations(context: run.context(), style: chosen, isJSON: false).listUnits()
        #expect(run.out == "a.service\tactive\t-\nd.service\t-\tno zone=c\n")
    }

    @Test func unitsInFull() async throws {
        let run = filled()
        let chosen = style("unit,hash,machine", full: true, legend: false)
        try await ListOperations(context: run.context(), style: chosen, isJSON: false).listUnits()
        let hash = run.fleet.unit("a.service")?.file.hash.hex ?? ""
        #expect(run.out == "a.service\t\(hash)\taaaaaaaabbbbccccddddeeeeffff0000/10.0.0.5\n")
    }

    @Test func unitFiles() async throws {
        let run = filled()
        let chosen = style("unit,dstate,state,target,desc,reason")
        try await ListOperations(context: run.context(), style: chosen, isJSON: false).listUnitFiles()
        #expect(
            run.out == """
                UNIT\t\tDSTATE\t\tSTATE\t\tTARGET\t\t\tDESC\tREASON
                a.service\tlaunched\tlaunched\taaaaaaaa.../10.0.0.5\tHi\t-
                b.service\tlaunched\t-\t\tglobal\t\t\t-\t-
                c.service\tinactive\t-\t\t-\t\t\t-\tnone

                """
        )
    }

    @Test func machines() async throws {
        let run = filled()
        try await ListOperations(context: run.context(), style: style("machine,ip,metadata"), isJSON: false)
            .listMachines()
        #expect(run.out == "MACHINE\t\tIP\t\tMETADATA\naaaaaaaa...\t10.0.0.5\trole=web,zone=a\nbbbb...\t\t-\t\t-\n")
    }

    @Test func emptyLists() async throws {
        let run = StubRun()
        try await ListOperations(context: run.context(), style: style("unit,machine,active,sub"), isJSON: false)
            .listUnits()
        #expect(run.out == "UNIT\tMACHINE\tACTIVE\tSUB\n")
        #expect(run.fleet.requests.count == 1)
    }

    @Test func json() async throws {
        let run = filled()
        try await ListOperations(context: run.context(), style: style("machine"), isJSON: true).listMachines()
        #expect(
            run.out == """
                [
                  {
                    "id" : "aaaaaaaabbbbccccddddeeeeffff0000",
                    "metadata" : {
                      "role" : "web",
                      "zone" : "a"
                    },
                    "primaryIP" : "10.0.0.5"
                  },
                  {
                    "id" : "bbbb"
                  }
                ]

                """
        )
    }

    @Test(arguments: [
        ("active/exited", TargetState.launched, "active"), ("inactive/dead", TargetState.launched, "stopped"),
        ("inactive/dead", TargetState.loaded, "stopped"), ("failed/failed", TargetState.launched, "failed"),
        ("activating/start", TargetState.launched, "starting"),
        ("activating/auto-restart", TargetState.launched, "restarting"),
    ])
    func outcomes(systemd: String, current: TargetState, outcome: String) {
        let words = systemd.split(separator: "/").map(String.init)
        let state = APIUnitState(name: "a.service", systemdActiveState: words[0], systemdSubState: words[1])
        let unit = APIUnit(name: "a.service", desiredState: current, currentState: current)
        #expect(state.outcome(of: unit) == outcome)
    }

    @Test func aGlobalOneshotIsDone() {
        let state = APIUnitState(name: "g.service", systemdActiveState: "inactive", systemdSubState: "dead")
        let oneshot = UnitOption(section: "Service", name: "Type", value: "oneshot")
        let options = [UnitOption(section: "X-Fleet", name: "Global", value: "true"), oneshot]
        let unit = APIUnit(name: "g.service", options: options, desiredState: .launched, currentState: .inactive)
        #expect(state.outcome(of: unit) == "done")
        #expect(state.outcome(of: nil) == "stopped")
    }

    @Test func unitsWithOutcomes() async throws {
        let run = filled()
        run.fleet.change { $0.active["a.service"] = ["inactive/dead/done"] }
        let chosen = style("unit,sub,outcome", legend: false)
        try await ListOperations(context: run.context(), style: chosen, isJSON: false).listUnits()
        #expect(run.out == "a.service\tdead\tdone\n")
    }

    @Test func watchShowsTheListWhenItChanges() async throws {
        let run = StubRun()
        run.fleet.change { storage in
            let id = storage.machines[0].id
            storage.units["a.service"] = APIUnit(
                name: "a.service",
                desiredState: .launched,
                currentState: .launched,
                machineID: id,
            )
            storage.active["a.service"] = ["activating/start", "active/running"]
        }
        let list = ListOperations(
            context: run.context(),
            style: style("unit,active", legend: false),
            isJSON: false,
        )
        try await list.watchUnits(looks: 4, isTerminal: false)
        #expect(run.out == "a.service\tactivating\n\na.service\tactive\n")
    }

    @Test func unknownFieldsNameTheKnown() async throws {
        let list = ListOperations(context: filled().context(), style: style("machine,x"), isJSON: false)
        let error = await #expect(throws: FleetctlError.self) { try await list.listMachines() }
        #expect(error?.message == "Invalid key in output format: \"x\"; --fields takes machine,ip,metadata")
    }

    @Test func everyPageIsRead() async throws {
        let run = StubRun()
        run.fleet.change { storage in
            storage.pageSize = 2
            for number in 1...5 { storage.units["u@\(number).service"] = APIUnit(name: "u@\(number).service") }
        }
        #expect(try await FleetClient(run.fleet).units().count == 5)
        #expect(
            run.fleet.requests == [
                "GET /fleet/v1/units?alt=json", "GET /fleet/v1/units?alt=json&nextPageToken=page%3D2",
                "GET /fleet/v1/units?alt=json&nextPageToken=page%3D4",
            ]
        )
    }
}
