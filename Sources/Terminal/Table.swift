/// Rows under a header, in columns as wide as what is in them.
package struct Table: Sendable, Hashable {
    /// Side to which a column's cells are aligned.
    package enum Alignment: Sendable, Hashable {
        case left, right
    }

    /// Heading and alignment of a column.
    package struct Column: Sendable, Hashable {
        /// Heading.
        package var title: String
        /// Side to which its cells are aligned.
        package var alignment: Alignment
        /// True when cells may be cut when the terminal is too narrow.
        package var canShrink: Bool

        package init(_ title: String, _ alignment: Alignment = .left, canShrink: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.canShrink = canShrink
        }
    }

    /// Columns from left to right.
    package var columns: [Column]
    /// Cells of each row.
    package var rows: [[String]]

    /// A shrunk column keeps this much.
    private static let leastWidth = 8
    private static let gap = "  "

    package init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Columns of left-aligned text.
    package init(_ titles: String..., rows: [[String]] = []) {
        self.init(titles.map { Column($0) }, rows: rows)
    }

    /// The table's lines, each ending in a newline; nothing for a table without rows and header.
    ///
    /// Missing cells are empty, those without a column are left out, and a line break in a cell shows as a space.
    ///
    /// - Parameters:
    ///   - header: whether the titles come first.
    ///   - width: the columns of the terminal; nil for output that has no edge.
    ///   - style: how the titles are emphasised. Cells bring their own colours.
    package func format(header: Bool = true, width: Int? = nil, style: Style = .plain) -> String {
        let body = rows.map { row in
            columns.indices.map { row.indices.contains($0) ? Self.oneLine(row[$0]) : "" }
        }
        let titles = columns.map(\.title)
        let widths = widths(of: header ? [titles] + body : body, limit: width)
        var lines = body.map { line($0, widths: widths) }
        if header { lines.insert(style.paint(line(titles, widths: widths), .bold), at: 0) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func widths(of rows: [[String]], limit: Int?) -> [Int] {
        var widths = columns.indices.map { column in
            rows.map { DisplayText.width($0[column]) }.max() ?? 0
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * max(0, columns.count - 1) - limit
        while excess > 0 {
            // The widest gives way first, so that short columns stay whole.
            let candidates = widths.indices.filter { columns[$0].canShrink && widths[$0] > Self.leastWidth }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        let padded = columns.indices.map { column -> String in
            let cell = DisplayText.fitted(cells[column], to: widths[column])
            let padding = String(repeating: " ", count: widths[column] - DisplayText.width(cell))
            return columns[column].alignment == .left ? cell + padding : padding + cell
        }
        return Self.withoutTrailingSpaces(padded.joined(separator: Self.gap))
    }

    private static func withoutTrailingSpaces(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }

    private static func oneLine(_ cell: String) -> String {
        if cell.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return cell }
        return String(cell.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }
}
