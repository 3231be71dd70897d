/// The last lines of a terminal, which are written over and over while things go on.
package struct LiveArea: Sendable {
    private var drawn = 0

    package init() {}

    /// Returns the output by which `lasting` lines stay on the screen above, and `live` lines replace those drawn
    /// before.
    ///
    /// - Parameter screen: the terminal's size. Of lines that are wider, and of more lines than it has, only what fits
    ///   is written: what has left the screen cannot be written over.
    package mutating func update(
        lasting: [String],
        live: [String],
        screen: (rows: Int, columns: Int)? = nil,
    ) -> String {
        var live = live
        if let screen {
            let room = max(1, screen.rows - 1)
            if live.count > room { live = live.prefix(room - 1) + ["… and \(live.count - room + 1) more lines"] }
            live = live.map { DisplayText.fitted($0, to: screen.columns) }
        }
        // To the first column, up over what was drawn, and clear to the end of the screen.
        var text = drawn > 0 ? "\r\u{1B}[\(drawn)A\u{1B}[J" : ""
        for line in lasting + live { text += line + "\n" }
        drawn = live.count
        return text
    }

    /// Returns the output that removes the live lines, at the end or before something else writes.
    package mutating func clear() -> String { update(lasting: [], live: []) }
}
