import Testing
import UnitFiles

@Suite struct FleetRequirementsTests {
    private func requirements(_ lines: String, name: String = "web@1.service") throws -> FleetRequirements {
        try FleetRequirements(of: UnitFile(parsing: "[X-Fleet]\n" + lines), name: UnitName(name))
    }

    @Test func everyKey() throws {
        let read = try requirements(
            """
            MachineID=abcdef01
            MachineOf=%p-data@%i.service
            MachineMetadata="region=us" "region=eu" "disk=ssd"
            Conflicts=%p@*.service other.service
            Replaces=old@%i.service
            Global=true
            """
        )
        #expect(
            read
                == FleetRequirements(
                    machineID: "abcdef01",
                    metadata: ["region": ["us", "eu"], "disk": ["ssd"]],
                    machineOf: ["web-data@1.service"],
                    conflicts: [Glob("web@*.service"), Glob("other.service")],
                    replaces: [Glob("old@1.service")],
                    isGlobal: true,
                )
        )
    }

    @Test func oldSpellings() throws {
        let read = try requirements(
            """
            X-ConditionMachineBootID=boot
            X-ConditionMachineID=id
            X-ConditionMachineOf=a.service
            X-ConditionMachineMetadata=a=b
            X-Conflicts=c.service
            """
        )
        #expect(read.machineID == "id")
        #expect(read.machineOf == ["a.service"])
        #expect(read.metadata == ["a": ["b"]])
        #expect(read.conflicts == [Glob("c.service")])
    }

    @Test func firstMachineIDAndLastGlobalCount() throws {
        let read = try requirements("MachineID=a\nMachineID=b\nGlobal=true\nGlobal=no\n")
        #expect(read.machineID == "a")
        #expect(!read.isGlobal)
    }

    @Test(arguments: ["true", "YES", "1", "On", "t"])
    func trueGlobals(value: String) throws {
        #expect(try requirements("Global=\(value)").isGlobal)
    }

    @Test(arguments: ["a", "a=b=c", "=b", "a=", "\"a=b  c=d\""])
    func malformedMetadataIsIgnored(entry: String) throws {
        #expect(try requirements("MachineMetadata=\(entry)").metadata.isEmpty)
    }

    @Test func valuesWithoutQuotesAreOneValue() throws {
        #expect(try requirements("MachineOf=a.service b.service").machineOf == ["a.service b.service"])
        #expect(try requirements("MachineOf=\"a.service\"  \"b.service\"").machineOf == ["a.service", "", "b.service"])
    }

    @Test(arguments: [
        ("MachineID=a\nMachineOf=b.service", 1), ("MachineID=a\nConflicts=b", 1), ("MachineID=a\nGlobal=1", 1),
        ("MachineID=a\nReplaces=b", 1), ("Global=1\nMachineOf=b.service", 1), ("Global=1\nReplaces=b", 1),
        ("Conflicts=a\nReplaces=b", 1), ("MachineOf=b.service\nConflicts=b*", 1),
        ("MachineOf=b.service\nReplaces=b.service", 1), ("MachineID=a\nGlobal=1\nReplaces=b", 3),
        ("Global=1\nMachineMetadata=a=b\nConflicts=c", 0), ("MachineID=a\nMachineMetadata=a=b", 0),
        ("MachineOf=b.service\nConflicts=c", 0),
    ])
    func exclusions(lines: String, count: Int) throws {
        #expect(try requirements(lines).exclusions.count == count)
    }
}
