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
        return plain ? "\(name)=\(value)" : "\(name)=\"\(Self.escapedForFile(value))\""
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
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: escaped += "\\x\(hex(scalar))"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// In the quotes of an environment file only four characters are escaped; a line break is one.
    private static func escapedForFile(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if "\"\\$`".unicodeScalars.contains(scalar) { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return digits.count < 2 ? "0\(digits)" : digits
    }
}

extension Sequence where Element == EnvironmentVariable {
    /// A drop-in that gives these variables to a service; nil when there are none.
    package var dropIn: String? {
        let lines = map(\.unitLine)
        return lines.isEmpty ? nil : "[Service]\n" + lines.map { "\($0)\n" }.joined()
    }
}
