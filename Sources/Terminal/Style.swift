/// Colours, for a terminal that shows them.
package struct Style: Sendable, Hashable {
    /// Colour or weight of text.
    package enum Color: String, Sendable, Hashable, CaseIterable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case cyan = "36"
    }

    /// True when ``paint(_:_:)`` does anything.
    package var isEnabled: Bool

    /// Style without colours.
    package static let plain = Style(isEnabled: false)
    /// Style with ANSI escape sequences.
    package static let ansi = Style(isEnabled: true)

    package init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    /// The style for an output: colours only on a terminal, and never against `NO_COLOR` (https://no-color.org) or
    /// `TERM=dumb`.
    package init(isTerminal: Bool, environment: [String: String]) {
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        isEnabled = isTerminal && !refused && environment["TERM"] != "dumb"
    }

    /// Text in these colours; unchanged where the style is plain.
    package func paint(_ text: String, _ colors: Color...) -> String {
        guard isEnabled, !text.isEmpty, !colors.isEmpty else { return text }
        return "\u{1B}[\(colors.map(\.rawValue).joined(separator: ";"))m\(text)\u{1B}[0m"
    }
}
