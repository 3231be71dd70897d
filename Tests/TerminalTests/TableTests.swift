import Terminal
import Testing

@Suite struct TableTests {
    private let table = Table(
        [.init("NODE"), .init("UNITS", .right), .init("STATE", canShrink: true)],
        rows: [["worker-1", "12", "running"], ["core", "3", "waiting for\nits first start"]],
    )

    @Test func alignsColumns() {
        #expect(
            table.format() == """
                NODE      UNITS  STATE
                worker-1     12  running
                core          3  waiting for its first start

                """
        )
    }

    @Test func leavesOutTheHeader() {
        #expect(table.format(header: false).hasPrefix("worker-1  12  running\n"))
        #expect(Table("A", "B").format(header: false).isEmpty)
        #expect(Table("A", "B").format() == "A  B\n")
    }

    @Test func shrinksOnlyWhatMay() {
        #expect(
            table.format(width: 30) == """
                NODE      UNITS  STATE
                worker-1     12  running
                core          3  waiting for …

                """
        )
        #expect(table.format(width: 5).split(separator: "\n")[2] == "core          3  waiting…")
    }

    @Test func takesRowsOfAnyLength() {
        #expect(Table("A", "B", rows: [["1"], ["1", "2", "3"], []]).format() == "A  B\n1\n1  2\n\n")
    }

    @Test func coloursTakeNoRoom() {
        let green = Style.ansi.paint("up", .green)
        let text = Table("S", "N", rows: [[green, "1"], ["down", "2"]]).format()
        #expect(text == "S     N\n\(green)    1\ndown  2\n")
    }

    @Test func emphasisesTitles() {
        #expect(Table("A", "B", rows: []).format(style: .ansi) == "\u{1B}[1mA  B\u{1B}[0m\n")
    }
}

@Suite struct DisplayTextTests {
    @Test(arguments: [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", 1, "…"), ("abcd", 0, ""), ("", 0, "")])
    func cuts(text: String, width: Int, expected: String) {
        #expect(DisplayText.fitted(text, to: width) == expected)
    }

    @Test func keepsTheEndOfAColour() {
        let text = Style.ansi.paint("abcdef", .red, .bold)
        #expect(DisplayText.width(text) == 6)
        #expect(DisplayText.fitted(text, to: 4) == "\u{1B}[31;1mabc…\u{1B}[0m")
    }
}

@Suite struct StyleTests {
    @Test(
        arguments: [
            (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
            (true, ["TERM": "dumb"], false), (true, ["TERM": "xterm"], true),
        ] as [(Bool, [String: String], Bool)]
    )
    func asksTheEnvironment(isTerminal: Bool, environment: [String: String], expected: Bool) {
        #expect(Style(isTerminal: isTerminal, environment: environment).isEnabled == expected)
    }

    @Test func plainPaintsNothing() {
        #expect(Style.plain.paint("a", .red) == "a")
        #expect(Style.ansi.paint("", .red) == "")
    }
}
