/// Text as a terminal shows it: colour codes take no room.
package enum DisplayText {
    /// Number of columns that `text` takes, counting every character as one.
    package static func width(_ text: String) -> Int {
        // Most text is plain ASCII, where bytes are characters.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
        return pieces(of: text).reduce(0) { $0 + ($1.isEscape ? 0 : 1) }
    }

    /// `text` cut to at most `width` columns, with `…` at the end when something was cut; colours end where they did.
    package static func fitted(_ text: String, to width: Int) -> String {
        guard self.width(text) > width else { return text }
        guard width > 0 else { return "" }
        var room = width - 1
        var result = ""
        var isCut = false
        for piece in pieces(of: text) {
            if piece.isEscape {
                result += piece.text
            } else if room > 0 {
                result += piece.text
                room -= 1
            } else if !isCut {
                result += "…"
                isCut = true
            }
        }
        return result
    }

    private struct Piece {
        var text: String
        var isEscape: Bool
    }

    /// Single characters, and whole escape sequences (ESC `[` … letter).
    private static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first == "\u{1B}", let end = rest.firstIndex(where: \.isLetter) {
                pieces.append(Piece(text: String(rest[...end]), isEscape: true))
                rest = rest[rest.index(after: end)...]
            } else {
                pieces.append(Piece(text: String(first), isEscape: false))
                rest = rest.dropFirst()
            }
        }
        return pieces
    }
}
