/// A place in a text a person wrote. Lines and columns count from 1; columns count characters, not bytes.
package struct SourceLocation: Sendable, Hashable, Comparable, Codable {
    /// The path as the user gave it.
    package var file: String
    /// Line, from 1.
    package var line: Int
    /// Column in characters, from 1.
    package var column: Int
    /// Number of characters that the caret underlines, at least one.
    package var length: Int

    /// Creates a location that covers `length` characters of one line.
    package init(file: String, line: Int, column: Int, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.length = max(1, length)
    }

    package static func < (lhs: SourceLocation, rhs: SourceLocation) -> Bool {
        (lhs.file, lhs.line, lhs.column) < (rhs.file, rhs.line, rhs.column)
    }
}

extension SourceLocation: CustomStringConvertible {
    package var description: String { "\(file):\(line):\(column)" }
}

extension SourceLocation {
    /// Index of the place in its file's text; nil where the text has no such line or column.
    package func index(in text: String) -> String.Index? {
        var index = text.startIndex
        for _ in 1..<max(1, line) {
            guard let lineEnd = text[index...].firstIndex(where: \.isNewline) else { return nil }
            index = text.index(after: lineEnd)
        }
        return text.index(index, offsetBy: column - 1, limitedBy: text.endIndex)
    }
}
