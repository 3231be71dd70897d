/// Turns diagnostics into the text a terminal shows: place, message, the line itself, a caret, and the notes.
package struct DiagnosticRenderer: Sendable {
    /// True when to colour with ANSI escapes; only for a terminal.
    package var color: Bool

    package init(color: Bool = false) {
        self.color = color
    }

    /// The text of all `diagnostics`, each ending in a newline.
    ///
    /// - Parameter sources: the texts by file name, for the quoted lines. A file that is not there gets no quote.
    package func render(_ diagnostics: [Diagnostic], sources: [String: String] = [:]) -> String {
        var lines: [String: [Substring]] = [:]
        for (file, text) in sources {
            lines[file] = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        }
        return diagnostics.inReadingOrder.map { render($0, lines: lines) }.joined()
    }

    private func render(_ diagnostic: Diagnostic, lines: [String: [Substring]]) -> String {
        let place = diagnostic.location.map { "\($0): " } ?? ""
        var text = "\(bold(place))\(label(diagnostic.severity)): \(bold(diagnostic.message))\n"
        if let location = diagnostic.location, let quoted = quote(location, in: lines[location.file] ?? []) {
            text += quoted
        }
        for note in diagnostic.notes {
            let indented = note.split(omittingEmptySubsequences: false) { $0.isNewline }.joined(
                separator: "\n          "
            )
            text += "    note: \(indented)\n"
        }
        return text
    }

    private func quote(_ location: SourceLocation, in lines: [Substring]) -> String? {
        guard lines.indices.contains(location.line - 1) else { return nil }
        let line = lines[location.line - 1]
        let number = String(location.line)
        let gutter = String(repeating: " ", count: number.count)
        // Tabs stay tabs under the line, so that the caret stands right whatever the tab width.
        let lead = line.prefix(max(0, location.column - 1)).map { character -> Character in
            character == "\t" ? "\t" : " "
        }
        let room = max(1, line.count - location.column + 1)
        let caret = "^" + String(repeating: "~", count: min(location.length, room) - 1)
        return """
             \(number) | \(line)
             \(gutter) | \(String(lead))\(paint(caret, "32;1"))

            """
    }

    private func label(_ severity: Diagnostic.Severity) -> String {
        switch severity {
        case .error: paint("error", "31;1")
        case .warning: paint("warning", "33;1")
        case .note: paint("note", "36;1")
        }
    }

    private func bold(_ text: String) -> String { paint(text, "1") }

    private func paint(_ text: String, _ code: String) -> String {
        color && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
