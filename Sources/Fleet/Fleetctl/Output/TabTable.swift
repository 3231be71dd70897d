/// Columns set apart by tabs, byte for byte as fleetctl always printed them: tab stops every eight columns, at least
/// one column between a cell and the next stop, nothing after the last cell of a row.
package enum TabTable {
    private static let tabWidth = 8
    private static let padding = 1

    /// The rows as text, each ending in a newline.
    package static func text(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            let widest = rows.compactMap { column < $0.count - 1 ? $0[column].unicodeScalars.count : nil }.max() ?? 0
            return (widest + padding + tabWidth - 1) / tabWidth * tabWidth
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + tabs(after: cell, to: widths[column])
            }
            return cells.joined() + "\n"
        }.joined()
    }

    private static func tabs(after cell: String, to width: Int) -> String {
        let room = width - cell.unicodeScalars.count
        return String(repeating: "\t", count: (room + tabWidth - 1) / tabWidth)
    }
}
