import Basics

/// A column of a list: what `--fields` calls it, and how a cell of it reads.
struct Column<Row>: Sendable {
    let name: String
    /// The cell; empty is shown as a dash.
    let cell: @Sendable (_ row: Row, _ full: Bool) -> String?
}

/// Layout of a list.
struct ListStyle: Sendable, Hashable {
    /// The names of the columns, in order.
    var fields: [String]
    /// Ids and hashes in full.
    var isFull = false
    var hasLegend = true

    /// - Parameter fields: separated by commas, as the user typed them.
    init(fields: String, isFull: Bool = false, hasLegend: Bool = true) {
        self.fields = fields.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        self.isFull = isFull
        self.hasLegend = hasLegend
    }

    /// The list as text.
    ///
    /// - Throws: `FleetctlError` when a field is not one of the columns.
    func text<Row>(_ rows: [Row], columns: [Column<Row>]) throws -> String {
        if fields == [""] { throw FleetctlError(.usage, "Must define output format") }
        let chosen = try fields.map { field in
            guard let column = columns.first(where: { $0.name == field }) else {
                let known = columns.map(\.name).joined(separator: ",")
                throw FleetctlError(.usage, "Invalid key in output format: \"\(field)\"; --fields takes \(known)")
            }
            return column
        }
        let header = hasLegend ? [chosen.map { $0.name.uppercased() }] : []
        let cells = rows.map { row in
            chosen.map { column in
                column.cell(row, isFull).flatMap { $0.isEmpty ? nil : $0.onOneLine } ?? "-"
            }
        }
        return TabTable.text(header + cells)
    }
}
