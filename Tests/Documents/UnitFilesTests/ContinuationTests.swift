import Diagnostics
import Testing
import UnitFiles

/// Backslashes at the ends of lines, as fleet's reader took them.
@Suite struct ContinuationTests {
    private func parse(_ text: String) -> (unit: UnitFile, diagnostics: [Diagnostic]) {
        UnitFile.parse(text, origin: TextOrigin(file: "a.service"))
    }

    /// The original wrote the value without the space, and systemd then continued the line.
    @Test(arguments: [" ", "\t", "  ", "\r"])
    func whiteSpaceAfterABackslashIsToldAndNotWritten(_ space: String) {
        let text = "[Service]\nExecStart=/bin/sh -c \"echo one; \\\(space)\n  A=5; \\\n  exec sleep 1\"\n"
        let (unit, diagnostics) = parse(text)
        let written = "[Service]\nExecStart=/bin/sh -c \"echo one; \\\nA=5; \\\n  exec sleep 1\"\n"
        #expect(unit.canonicalText == written)
        #expect(diagnostics.map(\.severity) == [.warning])
        #expect(diagnostics.first?.location?.line == 2)
        #expect(unit.optionFault == nil)
        #expect(unit.options.count == 1)
    }

    /// A client that has read such a file by the original's rules sends it as two options.
    @Test func optionsThatAreOneWhenWrittenAreOne() {
        let options = [("Service", "ExecStart", "a \\"), ("Unit", "After", "b"), ("Service", "B", "c")]
        let unit = UnitFile(options: options.map { UnitOption(section: $0.0, name: $0.1, value: $0.2) })
        #expect(unit.optionFault != nil)
        #expect(unit.joiningContinuations.optionFault == nil)
        #expect(unit.joiningContinuations.canonicalText == unit.canonicalText)
        #expect(unit.joiningContinuations.values(of: "ExecStart", in: "Service") == ["a \\\nB=c"])
        let open = UnitFile(options: [UnitOption(section: "Service", name: "ExecStart", value: "a \\")])
        #expect(open.joiningContinuations.optionFault != nil)
    }

    @Test(arguments: ["", " "])
    func aCommentIsContinued(_ space: String) {
        let text = "[Service]\n# ExecStart=/usr/bin/docker run \\\(space)\n    --name=foo \\\n    image\nExecStart=/x\n"
        let (unit, diagnostics) = parse(text)
        #expect(unit.canonicalText == "[Service]\nExecStart=/x\n")
        #expect(diagnostics.isEmpty)
    }

    @Test func twoSpacesBetweenValuesMakeNone() throws {
        let text = "[Service]\nExecStart=/x\n[X-Fleet]\nMachineMetadata=\"a=b\"  \"c=d\"\n"
        let (unit, diagnostics) = UnitFile.check(text, name: try UnitName("a.service"), origin: TextOrigin(file: "a"))
        #expect(diagnostics.filter { $0.severity > .note }.isEmpty)
        #expect(FleetRequirements(of: unit, name: nil).metadata == ["a": ["b"], "c": ["d"]])
    }
}
