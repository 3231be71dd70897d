import Diagnostics
import Testing

@Suite struct DiagnosticRendererTests {
    private let source = """
        name: production
        roles:
          worker: {coutn: 2}
        \tcpus: many
        last line
        """

    private func place(_ line: Int, _ column: Int, length: Int = 1) -> Diagnostics.SourceLocation {
        Diagnostics.SourceLocation(file: "a.yaml", line: line, column: column, length: length)
    }

    private func render(_ diagnostics: [Diagnostic], color: Bool = false) -> String {
        DiagnosticRenderer(color: color).render(diagnostics, sources: ["a.yaml": source])
    }

    @Test func showsPlaceLineCaretAndNotes() {
        let text = render([
            .error("unknown key \"coutn\"", at: place(3, 12, length: 5), notes: ["did you mean \"count\"?", "1\n2"])
        ])
        #expect(
            text == """
                a.yaml:3:12: error: unknown key "coutn"
                 3 |   worker: {coutn: 2}
                   |            ^~~~~
                    note: did you mean "count"?
                    note: 1
                          2

                """
        )
    }

    @Test func putsThemInReadingOrder() {
        let text = render([
            .error("late", at: place(5, 1)), .warning("early", at: place(1, 7)), .error("nowhere"),
            .error("first on its line", at: place(1, 1)),
        ])
        let messages = text.split(separator: "\n").filter { $0.contains("error:") || $0.contains("warning:") }
        #expect(
            messages == [
                "error: nowhere", "a.yaml:1:1: error: first on its line", "a.yaml:1:7: warning: early",
                "a.yaml:5:1: error: late",
            ]
        )
    }

    @Test func keepsTabsUnderTabs() {
        #expect(render([.error("no", at: place(4, 8, length: 4))]).hasSuffix(" 4 | \tcpus: many\n   | \t      ^~~~\n"))
    }

    @Test(arguments: [(5, 1, 99, "^~~~~~~~~"), (5, 9, 4, "^"), (5, 40, 2, "^"), (1, 1, 0, "^")])
    func holdsTheCaretInTheLine(line: Int, column: Int, length: Int, caret: String) {
        let text = render([.error("x", at: place(line, column, length: length))])
        #expect(text.split(separator: "\n").last?.split(separator: " ").last.map(String.init) == caret)
    }

    @Test func quotesNothingItDoesNotHave() {
        let missing = Diagnostics.SourceLocation(file: "b.yaml", line: 1, column: 1)
        #expect(render([.error("x", at: missing)]) == "b.yaml:1:1: error: x\n")
        #expect(render([.error("x", at: place(77, 1))]) == "a.yaml:77:1: error: x\n")
    }

    @Test func readsLinesThatEndInCarriageReturns() {
        let text = DiagnosticRenderer().render(
            [.error("x", at: place(2, 1))],
            sources: ["a.yaml": "one\r\ntwo\r\n"],
        )
        #expect(text == "a.yaml:2:1: error: x\n 2 | two\n   | ^\n")
    }

    @Test func coloursOnlyWhenAsked() {
        let diagnostic = Diagnostic.error("x", at: place(1, 1))
        #expect(!render([diagnostic]).contains("\u{1B}"))
        #expect(render([diagnostic], color: true).contains("\u{1B}[31;1merror\u{1B}[0m"))
    }

    @Test func anErrorOfManyDescribesAll() {
        let error = DiagnosticsError([.error("b", at: place(2, 1)), .error("a")], sources: ["a.yaml": source])
        #expect("\(error)" == "error: a\na.yaml:2:1: error: b\n 2 | roles:\n   | ^\n")
        #expect(error.diagnostics.hasErrors)
        #expect(![Diagnostic.warning("w")].hasErrors)
    }
}
