import FleetAPI
import Fleetctl
import Testing
import UnitFiles

@testable import Fleetctl

@Suite struct PlacementReportTests {
    private static let machines = [
        APIMachine(id: "aaaaaaaa1", metadata: ["zone": "a"]), APIMachine(id: "bbbbbbbb1", metadata: ["zone": "b"]),
        APIMachine(id: "cccccccc1", metadata: ["zone": "b"]),
    ]

    private func unit(_ name: String, on machine: String? = nil, _ requirements: (String, String)...) -> APIUnit {
        let options = requirements.map { UnitOption(section: "X-Fleet", name: $0.0, value: $0.1) }
        return APIUnit(name: name, options: options, desiredState: .launched, machineID: machine)
    }

    /// What the machines say to the first unit, in their order.
    private func answers(_ units: [APIUnit], draining: Set<String> = []) -> [String] {
        PlacementReport(of: units[0], units: units, machines: Self.machines, draining: draining).machines.map { row in
            row.isHere ? "here" : row.refusal ?? "yes"
        }
    }

    @Test func metadataAndIdentity() {
        let unmet = "MachineMetadata requires zone=a, the machine has zone=b"
        #expect(answers([unit("x.service", ("MachineMetadata", "zone=a"))]) == ["yes", unmet, unmet])
        let pinned = "MachineID requires bbbbbbbb"
        #expect(answers([unit("x.service", ("MachineID", "bbbbbbbb"))]) == [pinned, "yes", pinned])
    }

    @Test func company() {
        let rival = unit("r.service", on: "aaaaaaaa1", ("Conflicts", "x*"))
        #expect(answers([unit("x.service"), rival]) == ["conflicts with r.service, which is there", "yes", "yes"])
        let peer = unit("db@1.service", on: "bbbbbbbb1")
        for wanted in ["db@1.service", "db@*.service"] {
            let missing = "MachineOf requires \(wanted), which is not there"
            #expect(answers([unit("x.service", ("MachineOf", wanted)), peer]) == [missing, "yes", missing])
        }
        let heir = unit("h.service", on: "cccccccc1", ("Replaces", "x*"))
        #expect(answers([unit("x.service"), heir]) == ["yes", "yes", "replaced by h.service, which is there"])
    }

    @Test func globalUnitsCount() {
        let global = unit("g.service", ("Global", "true"), ("MachineMetadata", "zone=b"))
        let report = PlacementReport(of: global, units: [global], machines: Self.machines)
        #expect(report.machines.map(\.isHere) == [false, true, true])
        #expect(report.machines.map(\.units) == [0, 1, 1])
        let absent = "MachineOf requires g.service, which is not there"
        #expect(answers([unit("x.service", ("MachineOf", "g.service")), global]) == [absent, "yes", "yes"])
    }

    @Test func drainedMachinesTakeNone() {
        let here = unit("x.service", on: "aaaaaaaa1")
        #expect(
            answers([here], draining: ["aaaaaaaa1", "bbbbbbbb1"]) == ["here", "the machine is being drained", "yes"]
        )
    }

    // MARK: The command

    private func run(_ unit: APIUnit, isJSON: Bool = false) async throws -> (Int32, String) {
        let run = StubRun()
        run.fleet.change { $0.units[unit.name] = unit }
        let style = ListStyle(fields: "", isFull: false, hasLegend: true)
        let code = try await ListOperations(context: run.context(), style: style, isJSON: isJSON).explain("x")
        return (code, run.out)
    }

    @Test func aUnitWithoutMachineFails() async throws {
        var wanted = unit("x.service", ("MachineMetadata", "zone=c"))
        wanted.statusReason = "no machine fits"
        let result = try await run(wanted)
        #expect(result.0 == 1)
        #expect(
            result.1 == """
                x.service is to be launched, and is on no machine
                no machine fits

                MACHINE\t\t\tUNITS\tANSWER
                aaaaaaaa.../10.0.0.5\t0\tMachineMetadata requires zone=c, the machine has no zone

                """
        )
        wanted.desiredState = .inactive
        #expect(try await run(wanted).0 == 0)
    }

    @Test func aPlacedUnitIsFine() async throws {
        let placed = unit("x.service", on: "aaaaaaaabbbbccccddddeeeeffff0000")
        let result = try await run(placed)
        #expect(result.0 == 0)
        #expect(result.1.contains("is on aaaaaaaa.../10.0.0.5\n") && result.1.hasSuffix("\t1\there\n"), "\(result.1)")
        #expect(try await run(placed, isJSON: true).1.contains(#""isHere" : true"#))
    }

    @Test func anUnknownUnitIsAnError() async throws {
        let list = ListOperations(
            context: StubRun().context(),
            style: ListStyle(fields: "", isFull: false),
            isJSON: false
        )
        let error = await #expect(throws: FleetctlError.self) { try await list.explain("x") }
        #expect(error?.code == .notFound)
    }
}
