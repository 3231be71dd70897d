import Diagnostics

/// A place in a unit's text, before it is known in which file that text stands. Lines and columns count from 1.
package struct TextPosition: Sendable, Hashable {
    /// Line, from 1.
    package var line: Int
    /// Column in characters, from 1.
    package var column: Int
    /// Characters covered.
    package var length: Int
    /// The column at which the option's value begins; the name's column when it has none.
    package var valueColumn: Int

    /// Creates a position that covers `length` characters of one line.
    package init(line: Int, column: Int, length: Int = 1, valueColumn: Int? = nil) {
        self.line = line
        self.column = column
        self.length = length
        self.valueColumn = valueColumn ?? column
    }
}

/// Origin of a unit's text: a file of its own, or a block in a file of another kind (a cloud-config).
package struct TextOrigin: Sendable, Hashable {
    /// The path as the user gave it.
    package var file: String
    /// Number of lines of the file before the text.
    package var lineOffset: Int
    /// Number of columns before each of its lines.
    package var columnOffset: Int

    package init(file: String, lineOffset: Int = 0, columnOffset: Int = 0) {
        self.file = file
        self.lineOffset = lineOffset
        self.columnOffset = columnOffset
    }

    func location(of position: TextPosition?) -> SourceLocation? {
        position.map { location(line: $0.line, column: $0.column, length: $0.length) }
    }

    /// The place of an option's value, `length` characters long.
    func location(ofValue position: TextPosition?, length: Int) -> SourceLocation? {
        position.map { location(line: $0.line, column: $0.valueColumn, length: length) }
    }

    private func location(line: Int, column: Int, length: Int) -> SourceLocation {
        SourceLocation(file: file, line: line + lineOffset, column: column + columnOffset, length: length)
    }
}
