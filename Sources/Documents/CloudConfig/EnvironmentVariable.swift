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
    /// The value arrives as it is: quotes and backslashes are escaped, and `%` is doubled since systemd would put in
    /// the host's name for `%H`. (The original escaped nothing.)
    package var unitLine: String { "Environment=\"\(Self.escaped("\(name)=\(value)", percent: "%%"))\"" }

    /// The line of an `EnvironmentFile=`: `NAME=value`, in quotes where systemd would not take the value as it is.
    package var fileLine: String {
        let plain = value.unicodeScalars.allSatisfy {
            $0.isASCII && $0.value > 0x20 && !"\"'\\#;$`".unicodeScalars.contains($0)
        }
        return plain ? "\(name)=\(value)" : "\(name)=\"\(ShellWord.escapedInDoubleQuotes(value))\""
    }

    private static func escaped(_ text: String, percent: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "%": escaped += percent
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
