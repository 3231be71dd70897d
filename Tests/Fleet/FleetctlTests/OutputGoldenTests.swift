import FleetAPI
import TestKit
import Testing
import UnitFiles

@testable import Fleetctl

/// What fleetctl's lists print for people, and with `--json` for programs.
@Suite struct OutputGoldenTests {
    private func filled() -> StubRun {
        let run = StubRun()
        run.fleet.change { storage in
            let id = storage.machines[0].id
            storage.machines[0].metadata = ["zone": "a", "role": "web"]
            storage.machines.append(APIMachine(id: "bbbb"))
            storage.units = [
                "a.service": APIUnit(
                    name: "a.service",
                    options: [UnitOption(section: "Unit", name: "Description", value: "Hi")],
                    desiredState: .launched,
                    currentState: .launched,
                    machineID: id,
                ),
                "c.service": APIUnit(name: "c.service", desiredState: .inactive, statusReason: "none"),
                "d.service": APIUnit(name: "d.service", desiredState: .loaded, statusReason: "no zone=c"),
            ]
        }
        return run
    }

    @Test(arguments: [false, true])
    func lists(isJSON: Bool) async throws {
        let lists: [(command: String, fields: String, print: @Sendable (ListOperations) async throws -> Void)] = [
            ("list-machines", "machine,ip,metadata", { try await $0.listMachines() }),
            ("list-units", "unit,machine,active,sub", { try await $0.listUnits() }),
            ("list-unit-files", "unit,hash,dstate,state,target", { try await $0.listUnitFiles() }),
            ("why", "", { _ = try await $0.explain("d.service") }),
        ]
        for (command, fields, print) in lists {
            let run = filled()
            let style = ListStyle(fields: fields, isFull: false, hasLegend: true)
            try await print(ListOperations(context: run.context(), style: style, isJSON: isJSON))
            try Golden.expect(run.out, "output/\(command).\(isJSON ? "json" : "txt")")
        }
    }
}
