import Basics
import Diagnostics

/// Reads unit files by the rules of fleet's own reader, so that the same text gives the same options and hash.
///
/// The rules that surprise: a section may be opened again, and its parts are merged; a comment is one only at the
/// start of a line, and not within a continued value; a backslash at the end of a line stays in the value, with the
/// newline; whatever precedes the first section is skipped.
struct UnitFileParser {
    /// The longest line in bytes; systemd of fleet's time cut what exceeded it.
    static let maximumLineLength = 2048

    private let lines: [[Unicode.Scalar]]
    private let origin: TextOrigin
    private var index = 0
    private var section: String?
    private var header: TextPosition?
    private var options: [UnitOption] = []
    private var diagnostics: [Diagnostic] = []

    init(text: String, origin: TextOrigin) {
        // A byte order mark is no text.
        let text = text.unicodeScalars.drop { $0 == "\u{FEFF}" }
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        self.origin = origin
    }

    mutating func parse() -> (unit: UnitFile, diagnostics: [Diagnostic]) {
        while index < lines.count {
            if section == nil { readPreamble() } else { readLine() }
            index += 1
        }
        return (UnitFile(options: options).joiningContinuations, diagnostics)
    }

    // MARK: Lines

    /// A line before the first section.
    private mutating func readPreamble() {
        let line = lines[index]
        guard let start = line.firstIndex(where: { !$0.isSpace }), !isTooLong() else { return }
        let isComment = line[start].opensComment
        guard let bracket = line.firstIndex(of: "[") else {
            if !isComment { warnOfPreamble(from: start) }
            return
        }
        // fleet's reader looks for the first bracket even within a comment, and fails on what follows it there.
        if isComment, !isWholeHeader(from: bracket) { return }
        readHeader(from: bracket)
    }

    private mutating func readLine() {
        let line = lines[index]
        guard let start = line.firstIndex(where: { !$0.isSpace }), !isTooLong() else { return }
        if line[start].opensComment { return skipComment() }
        if line[start] == "[" { readHeader(from: start) } else { readOption(from: start) }
    }

    /// fleet's reader takes a backslash at the end of a comment for its continuation, also before one space.
    private mutating func skipComment() {
        while index + 1 < lines.count {
            let line = lines[index]
            guard line.last == "\\" || line.suffix(2) == ["\\", " "] else { return }
            index += 1
        }
    }

    private mutating func readHeader(from bracket: Int) {
        let line = lines[index]
        guard let end = line[bracket...].firstIndex(of: "]") else {
            fail("the section name has no closing ]", at: bracket, length: line.count - bracket)
            // Read on as if it had one, so that what follows is not taken for faults of its own.
            section = String(scalars: line[(bracket + 1)...].trimmed)
            header = TextPosition(line: index + 1, column: bracket + 1, length: line.count - bracket)
            return
        }
        section = String(scalars: line[(bracket + 1)..<end])
        header = TextPosition(line: index + 1, column: bracket + 1, length: end - bracket + 1)
        if section == "" { warn("this section has no name; systemd ignores what is in it", at: bracket, length: 2) }
        if let garbage = line[(end + 1)...].firstIndex(where: { !$0.isSpace }) {
            let text = String(scalars: line[garbage...].trimmed)
            fail("nothing may follow a section's ], but here is \"\(text)\"", at: garbage, length: text.count)
        }
    }

    private mutating func readOption(from start: Int) {
        let line = lines[index]
        guard let equals = line[start...].firstIndex(of: "=") else {
            failForMissingEquals(from: start)
            return
        }
        let name = String(scalars: line[start..<equals].trimmed)
        if name.isEmpty { warn("there is no name before =; systemd ignores the line", at: equals) }
        let valueStart = line[(equals + 1)...].firstIndex { !$0.isSpace } ?? equals
        let position = TextPosition(
            line: index + 1,
            column: start + 1,
            length: max(1, name.count),
            valueColumn: valueStart + 1,
        )
        let value = readValue(from: equals + 1)
        guard let section else { return }
        let option = UnitOption(section: section, name: name, value: value, position: position, headerPosition: header)
        options.append(option)
    }

    /// The value that begins at `column` of this line, with the lines that continue it; moves to the last of them.
    private mutating func readValue(from column: Int) -> String {
        var value: [Unicode.Scalar] = []
        var part = lines[index][column...]
        while !part.trimmed.isEmpty {
            value += part
            if part.last != "\\", part.trimmed.last == "\\" { warnOfSpaceAfterBackslash() }
            guard part.last == "\\", index + 1 < lines.count else { break }
            value.append("\n")
            index += 1
            if isTooLong() { break }
            part = lines[index][...]
        }
        // A backslash before a blank line leaves the newline in the value.
        return String(scalars: value[...].trimmed) + (value.last == "\n" ? "\n" : "")
    }

    // MARK: Checks

    private func isWholeHeader(from bracket: Int) -> Bool {
        let line = lines[index]
        guard let end = line[bracket...].firstIndex(of: "]") else { return false }
        return line[(end + 1)...].allSatisfy(\.isSpace)
    }

    private mutating func isTooLong() -> Bool {
        let length = lines[index].reduce(0) { $0 + UTF8.width($1) }
        guard length > UnitFileParser.maximumLineLength else { return false }
        fail(
            "line too long (max \(UnitFileParser.maximumLineLength) bytes)",
            at: 0,
            length: lines[index].count,
            notes: ["this line has \(length) bytes; end it with \\ and continue it on the next"],
        )
        return true
    }

    private mutating func failForMissingEquals(from start: Int) {
        let line = lines[index]
        var notes: [String] = []
        if index > 0, lines[index - 1].suffix(2) == ["\\", "\r"] {
            notes = ["the line before ends in \\ and a carriage return, which does not continue it; use plain newlines"]
        }
        let length = line[start...].trimmed.count
        fail("an option is written name=value, but this line has no =", at: start, length: length, notes: notes)
        diagnostics[diagnostics.count - 1].code = .missingEquals
    }

    private mutating func warnOfSpaceAfterBackslash() {
        // The next line fails because of it, and its error says so.
        let continuesNothing = index + 1 < lines.count && !lines[index + 1].contains("=")
        if lines[index].last == "\r", continuesNothing { return }
        let end = lines[index].lastIndex(of: "\\") ?? 0
        warn("white space follows the backslash; written without it, as fleet does, the line is continued", at: end)
    }

    private mutating func warnOfPreamble(from start: Int) {
        let length = lines[index][start...].trimmed.count
        warn("this line stands before the first section and is ignored", at: start, length: length)
    }

    private mutating func warn(_ message: String, at column: Int, length: Int = 1) {
        let position = TextPosition(line: index + 1, column: column + 1, length: length)
        diagnostics.append(.warning(message, at: origin.location(of: position)))
    }

    private mutating func fail(_ message: String, at column: Int, length: Int = 1, notes: [String] = []) {
        let position = TextPosition(line: index + 1, column: column + 1, length: length)
        diagnostics.append(.error(message, at: origin.location(of: position), notes: notes))
    }
}

extension Unicode.Scalar {
    fileprivate var isSpace: Bool { properties.isWhitespace }
    fileprivate var opensComment: Bool { self == "#" || self == ";" }
}

extension ArraySlice<Unicode.Scalar> {
    fileprivate var trimmed: ArraySlice<Unicode.Scalar> { trimmed(while: \.isSpace) }
}

extension String {
    fileprivate init(scalars: ArraySlice<Unicode.Scalar>) {
        self.init(String.UnicodeScalarView(scalars))
    }
}
