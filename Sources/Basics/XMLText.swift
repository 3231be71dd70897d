/// Text of XML and HTML.
package enum XMLText {
    /// What becomes of characters that XML 1.0 cannot hold, such as the escape character.
    package enum Unwritable: Sendable {
        case omitted
        /// U+FFFD stands for each.
        case replaced
    }

    /// The text for an element, or for an attribute in double or single quotes.
    package static func escaped(_ text: String, unwritable: Unwritable = .replaced) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&apos;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": if unwritable == .replaced { result += "\u{FFFD}" }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
