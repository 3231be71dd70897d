/// A word as a POSIX shell reads it back.
package enum ShellWord {
    /// The word itself where it holds only letters, digits and `- _ . / : = @ + ,`; otherwise in single quotes.
    package static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=@+,".contains($0)) }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// The text for use between double quotes, in a shell and in systemd's environment files: four characters are
    /// escaped, and a line break stays one.
    package static func escapedInDoubleQuotes(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if "\"\\$`".unicodeScalars.contains(scalar) { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
    }
}

/// Strings of JSON (RFC 8259, section 7), for programs and places without an encoder.
package enum JSONString {
    /// The text in double quotes, with the characters escaped that JSON requires.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20: quoted += "\\u" + Hex.digits(scalar.value, width: 4)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension String {
    /// The text with its control characters, such as line breaks, written as in a string literal.
    package var onOneLine: String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
        guard unicodeScalars.contains(where: isControl) else { return self }
        return unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
    }
}

extension BidirectionalCollection {
    /// The elements without those at either end for which `isLoose` holds.
    package func trimmed(while isLoose: (Element) -> Bool) -> SubSequence {
        guard let first = firstIndex(where: { !isLoose($0) }), let last = lastIndex(where: { !isLoose($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

extension StringProtocol {
    /// The text without white space at either end.
    package var trimmed: String { trimmed(\.isWhitespace) }

    /// The text without the characters at either end for which `isLoose` holds.
    package func trimmed(_ isLoose: (Character) -> Bool) -> String {
        String(trimmed(while: isLoose))
    }

    /// The text without the last characters for which `isLoose` holds.
    package func trimmingSuffix(while isLoose: (Character) -> Bool) -> String {
        guard let last = lastIndex(where: { !isLoose($0) }) else { return "" }
        return String(self[...last])
    }
}
