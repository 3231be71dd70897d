/// Interpretation of plain scalars.
package enum YAMLSchema: Sendable, Hashable {
    /// YAML 1.2's core schema: only `true` and `false` are booleans, integers are decimal. For the project's own files.
    case core
    /// YAML 1.1 as coreos-cloudinit read it: `yes`, `on`, `y` are true; `0644` is octal; `_` may part digits.
    case coreOS
}

extension YAMLNode {
    /// The text of any scalar that is not null: whoever wants text takes `3`, `yes` and `0644` as written.
    package var asString: String? {
        isNull ? nil : scalar?.text
    }

    /// A plain true or false; quotes make it text.
    package func asBool(_ schema: YAMLSchema) -> Bool? {
        guard let word = plainText, tag == nil || tag == YAMLTag.bool else { return nil }
        switch word {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default: break
        }
        guard schema == .coreOS else { return nil }
        switch word {
        case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON": return true
        case "n", "N", "no", "No", "NO", "off", "Off", "OFF": return false
        default: return nil
        }
    }

    /// A plain whole number.
    package func asInt(_ schema: YAMLSchema) -> Int? {
        guard let word = plainText, tag == nil || tag == YAMLTag.int else { return nil }
        return schema == .core ? Self.decimal(word) : Self.goInteger(word)
    }

    /// A plain number, whole or not.
    package func asDouble(_ schema: YAMLSchema) -> Double? {
        if let whole = asInt(schema) { return Double(whole) }
        guard var word = plainText, tag == nil || tag == YAMLTag.float else { return nil }
        if schema == .coreOS { word.removeAll { $0 == "_" } }
        let first = word.unicodeScalars.first { $0 != "-" && $0 != "+" }
        guard let first, first == "." || ("0"..."9").contains(first), word.contains(where: \.isNumber) else {
            return nil
        }
        guard word.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) || "+-.eE".unicodeScalars.contains($0) }) else {
            return nil
        }
        return Double(word)
    }

    /// Description of the node, for "expected …, found …".
    package var found: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar where isNull: "nothing"
        case .scalar(let scalar):
            if asBool(.core) != nil {
                "the boolean \(scalar.text)"
            } else if asDouble(.core) != nil {
                "the number \(scalar.text)"
            } else {
                "the text \(Self.quoted(scalar.text))"
            }
        }
    }

    private var plainText: String? {
        guard let scalar, scalar.style == .plain, !scalar.text.isEmpty else { return nil }
        return scalar.text
    }

    /// The first line of a text in quotes, cut where it gets too long to read.
    private static func quoted(_ text: String) -> String {
        let line = text.prefix { !$0.isNewline }
        let shown = line.prefix(40)
        return shown.count == text.count ? "\"\(shown)\"" : "\"\(shown)…\""
    }

    private static func decimal(_ word: String) -> Int? {
        guard word.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) || $0 == "-" || $0 == "+" }) else { return nil }
        return Int(word)
    }

    /// Go's `strconv.ParseInt(word, 0, 64)` after `_` is taken out.
    private static func goInteger(_ word: String) -> Int? {
        var digits = word.filter { $0 != "_" }[...]
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits = digits.dropFirst() }
        guard let first = digits.unicodeScalars.first, ("0"..."9").contains(first) else { return nil }
        var radix = 10
        let lower = digits.lowercased()
        if lower.hasPrefix("0x") {
            (radix, digits) = (16, digits.dropFirst(2))
        } else if lower.hasPrefix("0b") {
            (radix, digits) = (2, digits.dropFirst(2))
        } else if lower.hasPrefix("0"), lower.count > 1 {
            (radix, digits) = (8, digits.dropFirst())
        }
        guard digits.allSatisfy(\.isHexDigit) else { return nil }
        return Int((isNegative ? "-" : "") + digits, radix: radix)
    }
}
