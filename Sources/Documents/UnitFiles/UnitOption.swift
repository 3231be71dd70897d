/// One `name=value` line of a unit file, in its section.
package struct UnitOption: Sendable {
    /// Section, without brackets.
    package var section: String
    /// Name of the option.
    package var name: String
    /// The value without surrounding white space; a continued line keeps its backslash and newline.
    package var value: String
    /// Position in the text; nil when it was not read from a text. It does not count for equality.
    package var position: TextPosition?
    /// Position of its section's header; like ``position``.
    package var headerPosition: TextPosition?

    package init(
        section: String,
        name: String,
        value: String,
        position: TextPosition? = nil,
        headerPosition: TextPosition? = nil,
    ) {
        self.section = section
        self.name = name
        self.value = value
        self.position = position
        self.headerPosition = headerPosition
    }
}

/// JSON as in fleet's API: `name`, `section`, `value`. Go leaves an empty text out, such as the value of `ExecStart=`,
/// which takes back the ones before it.
extension UnitOption: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, section, value
    }

    package init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        let text = { (key: CodingKeys) in try object.decodeIfPresent(String.self, forKey: key) ?? "" }
        self.init(section: try text(.section), name: try text(.name), value: try text(.value))
    }

    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        for (key, text) in [(CodingKeys.name, name), (.section, section), (.value, value)] where !text.isEmpty {
            try object.encode(text, forKey: key)
        }
    }
}

extension UnitOption: Hashable {
    package static func == (lhs: UnitOption, rhs: UnitOption) -> Bool {
        lhs.name == rhs.name && lhs.section == rhs.section && lhs.value == rhs.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(section)
        hasher.combine(name)
        hasher.combine(value)
    }
}

extension UnitOption {
    /// Reason why this option, written into a unit file, would be read back as something else; nil when it is sound.
    ///
    /// A client may send any string as section, name or value. A newline in a value that no backslash continues would
    /// become a line of its own, and so an unchecked option.
    package var fault: String? {
        if section.unicodeScalars.contains(where: { $0 == "]" || $0 == "\n" || $0 == "\r" }) {
            return "the section name \"\(section)\" contains ] or a newline"
        }
        if let fault = nameFault { return fault }
        if value.unicodeScalars.contains("\0") { return "the value of \(name) contains a zero byte" }
        if endsInBackslash { return "the value of \(name) ends in a backslash and would take in the next line" }
        return hasLooseNewline ? "the value of \(name) contains a newline without a backslash before it" : nil
    }

    /// As a reader of unit files takes it.
    var withoutOuterSpaces: UnitOption {
        var option = self
        let scalars = name.unicodeScalars.drop { $0.properties.isWhitespace }
        let end = scalars.lastIndex { !$0.properties.isWhitespace }
        option.name = end.map { String(scalars[...$0]) } ?? ""
        return option
    }

    private var nameFault: String? {
        guard let first = name.unicodeScalars.first else { return nil }
        let isBroken = name.unicodeScalars.contains { $0 == "=" || $0 == "\n" || $0 == "\r" || $0 == "\0" }
        guard isBroken || first == "[" || first == "#" || first == ";" else { return nil }
        return "\"\(name)\" cannot be the name of an option"
    }

    /// White space after it is not read, and is gone when the value is written again.
    var endsInBackslash: Bool {
        let scalars = value.unicodeScalars
        return scalars.last { $0 == "\n" || !$0.properties.isWhitespace } == "\\"
    }

    private var hasLooseNewline: Bool {
        var last: Unicode.Scalar = " "
        for scalar in value.unicodeScalars {
            if scalar == "\r" { return true }
            if scalar == "\n", last != "\\" { return true }
            last = scalar
        }
        return false
    }
}
