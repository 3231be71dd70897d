import Testing
import UnitFiles

@Suite struct UnitLimitsTests {
    @Test(arguments: [
        ("MemoryMax=512M", UnitLimits(memory: .bytes(512 << 20))), ("MemoryMax=1024", UnitLimits(memory: .bytes(1024))),
        ("MemoryMax=25%", UnitLimits(memory: .percent(25))), ("MemoryMax=infinity", UnitLimits()),
        ("MemoryMax=99999999999T", UnitLimits()), ("CPUQuota=150%", UnitLimits(cpuPercent: 150)),
        ("CPUQuota=150", UnitLimits()), ("MemoryMax=1G\nMemoryMax=2G", UnitLimits(memory: .bytes(2 << 30))),
    ])
    func limits(lines: String, limits: UnitLimits) throws {
        #expect(UnitLimits(of: try UnitFile(parsing: "[Service]\n" + lines)) == limits)
    }

    @Test func newKeysOfFleet() throws {
        let text = "[X-Fleet]\nWeight=3\nPreferMachineMetadata=a=%i\nPreferApart=%p@*.service x*\n"
        let read = FleetRequirements(of: try UnitFile(parsing: text), name: try UnitName("w@1.service"))
        let apart = [Glob("w@*.service"), Glob("x*")]
        #expect(read == FleetRequirements(weight: 3, preferredMetadata: ["a": ["1"]], preferredApart: apart))
    }
}
