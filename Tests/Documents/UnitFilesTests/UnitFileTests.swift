import Diagnostics
import Testing
import UnitFiles

@Suite struct UnitFileTests {
    private func options(_ text: String) throws -> [UnitOption] { try UnitFile(parsing: text).options }

    @Test func readsOptionsInOrder() throws {
        let unit = try UnitFile(
            parsing: """
                # comment
                [Unit]
                Description = Hello World

                [Service]
                ; another
                ExecStart=/bin/echo a=b # not a comment
                [Unit]
                After=docker.service
                """
        )
        #expect(
            unit.options == [
                UnitOption(section: "Unit", name: "Description", value: "Hello World"),
                UnitOption(section: "Service", name: "ExecStart", value: "/bin/echo a=b # not a comment"),
                UnitOption(section: "Unit", name: "After", value: "docker.service"),
            ]
        )
        #expect(
            unit.canonicalText == """
                [Unit]
                Description=Hello World
                After=docker.service

                [Service]
                ExecStart=/bin/echo a=b # not a comment

                """
        )
        #expect(unit.summary == "Hello World")
    }

    @Test func keepsContinuationVerbatim() throws {
        let text = "[Service]\nExecStart=/bin/sh \\\n  -c \\\n# still the value\nType=simple\n"
        let read = try options(text)
        #expect(read.map(\.value) == ["/bin/sh \\\n  -c \\\n# still the value", "simple"])
        #expect(try options(UnitFile(options: read).canonicalText) == read)
    }

    @Test(arguments: [
        ("[A]\nb=c \\\n\nd=e\n", ["c \\\n", "e"]),
        ("[A]\nb=c \\\n", ["c \\\n"]),
        ("[A]\nb=c \\", ["c \\"]),
        ("[A]\nb=\nc=\n", ["", ""]),
        ("[A]\r\nb=c\r\n\r\nd = e \r\n", ["c", "e"]),
        ("junk[A]\nb=c", ["c"]),
        ("\u{FEFF}[A]\nb=c", ["c"]),
        ("  [A]  \n\t b \t=\u{A0} c", ["c"]),
        ("# [A]\nb=c", ["c"]),
        ("# see [1] for more\n[A]\nb=c", ["c"]),
        ("", []),
        ("x=y", []),
    ])
    func values(text: String, values: [String]) throws {
        #expect(try options(text).map(\.value) == values)
    }

    @Test(arguments: [
        ("[A]\nfoo", "unit:2:1"), ("[A] x\nb=c", "unit:1:5"), ("[A\nb=c", "unit:1:1"),
        ("[A]\nb=c \\\r\n  d\r\n", "unit:3:3"), ("[A]\nb=" + String(repeating: "x", count: 2047), "unit:2:1"),
    ])
    func refuses(text: String, place: String) throws {
        let error = try #require(throws: DiagnosticsError.self) { try UnitFile(parsing: text) }
        let errors = error.diagnostics.filter { $0.severity == .error }
        #expect(errors.map { $0.location?.description } == [place])
    }

    /// systemd ignores both, and the original's reader took them.
    @Test(arguments: [("[A]\n  =c", "unit:2:3", "[A]\n=c\n"), (" []\nb=c", "unit:1:2", "[]\nb=c\n")])
    func warnsOfWhatHasNoName(text: String, place: String, written: String) {
        let (unit, found) = UnitFile.parse(text, origin: TextOrigin(file: "unit"))
        #expect(found.map(\.severity) == [.warning])
        #expect(found.first?.location?.description == place)
        #expect(unit.canonicalText == written && unit.optionFault == nil)
    }

    @Test func aLineOfTheGreatestLengthIsRead() throws {
        #expect(try options("[A]\nb=" + String(repeating: "x", count: 2046)).count == 1)
    }

    @Test func everySyntaxErrorIsReported() {
        let (unit, diagnostics) = UnitFile.parse(
            "[A]\nfoo\nb=c\nbar\n",
            origin: TextOrigin(file: "x.yaml", lineOffset: 10, columnOffset: 4),
        )
        #expect(unit.options.map(\.name) == ["b"])
        #expect(diagnostics.map { $0.location?.description } == ["x.yaml:12:5", "x.yaml:14:5"])
    }

    @Test func positionsPointAtNameAndValue() throws {
        let option = try #require(try options("[A]\n  name =  value\n").first)
        #expect(option.position == TextPosition(line: 2, column: 3, length: 4, valueColumn: 11))
    }

    @Test func hashes() throws {
        #expect(UnitFile().hash.hex == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(UnitFile().hash.short == "da39a3e")
        // printf '[Service]\nExecStart=/bin/sleep 1\n' | sha1sum
        let unit = try UnitFile(parsing: "; x\n[Service]\n\n ExecStart = /bin/sleep 1")
        #expect(unit.hash.hex == "0291f12e379921025c603e454c0fe989ddb0f3dd")
        #expect(UnitHash(hex: unit.hash.hex.uppercased()) == unit.hash)
        #expect(UnitHash(hex: "xyz") == nil)
    }

    @Test(arguments: [
        UnitOption(section: "A]", name: "b", value: ""), UnitOption(section: "A", name: "b=", value: ""),
        UnitOption(section: "A", name: "[b", value: ""), UnitOption(section: "A", name: "#b", value: ""),
        UnitOption(section: "A", name: "b", value: "c\nd=e"), UnitOption(section: "A", name: "b", value: "c\0"),
        UnitOption(section: "A", name: "b", value: "c\r\nd=e"), UnitOption(section: "A", name: "b", value: "c\\"),
        UnitOption(section: "A", name: "b", value: String(repeating: "c", count: 2048)),
        UnitOption(section: "A", name: "b", value: "c \\\t"), UnitOption(section: "A", name: "b", value: "c \\\nd\\ "),
    ])
    func injectionsAreFound(option: UnitOption) {
        #expect(UnitFile(options: [option]).optionFault != nil)
    }

    /// What is stored is what a reader of the unit file will find in it.
    @Test func optionsAreTakenAsTheyWillBeRead() {
        let sent = [
            UnitOption(section: "A", name: " b ", value: " c "), UnitOption(section: "B", name: "d", value: ""),
            UnitOption(section: "A", name: "e", value: "f"),
        ]
        let read = [
            UnitOption(section: "A", name: "b", value: "c"), UnitOption(section: "A", name: "e", value: "f"),
            UnitOption(section: "B", name: "d", value: ""),
        ]
        #expect(UnitFile(options: sent).optionFault == nil)
        #expect(UnitFile(options: sent).asWritten.options == read)
    }

    @Test func continuedValuesAreNoInjection() {
        #expect(UnitFile(options: [UnitOption(section: "A", name: "b", value: "c \\\nd")]).optionFault == nil)
    }
}
