/// Escape sequences by which a program has the whole terminal for a while, and gives it back as it was.
package enum FullScreen {
    /// Switches to a screen of the program's own, without a cursor.
    package static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
    /// Switches back to the screen before.
    package static let leave = "\u{1B}[?25h\u{1B}[?1049l"

    /// Draws lines from the top, over what was there; each is cut to the screen's width, and what does not fit is left
    /// out.
    package static func frame(_ lines: [String], rows: Int, columns: Int) -> String {
        var text = "\u{1B}[H"
        let shown = lines.prefix(max(rows, 1))
        for (index, line) in shown.enumerated() {
            // Cleared before it is written, so that nothing flickers and nothing of a longer line stays.
            text += DisplayText.fitted(line, to: columns) + "\u{1B}[K"
            if index < shown.count - 1 { text += "\r\n" }
        }
        return text + "\u{1B}[J"
    }
}
