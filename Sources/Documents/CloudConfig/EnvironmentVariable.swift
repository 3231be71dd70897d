import Basics

/// A variable for a service, and its forms in systemd's files.
package struct EnvironmentVariable: Sendable, Hashable {
    /// Name, without `=`.
    package var name: String
    /// Value, unquoted.
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// The line of a unit file: `Environment="NAME=value"`.
    ///
    /// Quotes and backslashes arrive as they are (the original escaped nothing), and so does a `%` that begins none of
    /// systemd's specifiers: `%H` is the host's name, as it was.
    package var unitLine: String { "Environment=\"\(Self.escaped("\(name)=\(value)"))\"" }

    /// The line of an `EnvironmentFile=`: `NAME=value`, in quotes where systemd would not take the value as it is.
    package var fileLine: String {
        let plain = value.unicodeScalars.allSatisfy {
            $0.isASCII && $0.value > 0x20 && !"\"'\\#;$`".unicodeScalars.contains($0)
        }
        return plain ? "\(name)=\(value)" : "\(name)=\"\(ShellWord.escapedInDoubleQuotes(value))\""
    }

    /// The letters of systemd's specifiers (systemd.unit(5)), and `%` itself.
    private static let specifiers = Set("aAbBCdDEfgGhHiIjJlLmMnNopPqsStTuUvVwW%".unicodeScalars)

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        var isSpecifier = false
        for (scalar, next) in zip(text.unicodeScalars, text.unicodeScalars.dropFirst().map(Optional.some) + [nil]) {
            switch scalar {
            case _ where isSpecifier:
                escaped.unicodeScalars.append(scalar)
                isSpecifier = false
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "%":
                isSpecifier = next.map(specifiers.contains) ?? false
                escaped += isSpecifier ? "%" : "%%"
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                escaped += "\\x" + Hex.digits(scalar.value, width: 2)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Sequence where Element == EnvironmentVariable {
    /// A drop-in that gives these variables to a service; nil when there are none.
    package var dropIn: String? {
        let lines = map(\.unitLine)
        return lines.isEmpty ? nil : "[Service]\n" + lines.map { "\($0)\n" }.joined()
    }
}
