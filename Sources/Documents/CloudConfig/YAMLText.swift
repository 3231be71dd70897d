import Basics

/// Writes YAML that YAML 1.1 and 1.2 readers take the same way.
package struct YAMLText {
    /// A value to write; mappings keep their order.
    package enum Value {
        case string(String)
        /// A number or boolean, as its text.
        case literal(String)
        case list([Value])
        case mapping([(key: String, value: Value)])
    }

    /// YAML written so far.
    package private(set) var text = ""

    package init() {}

    /// Writes the pairs of a mapping, one a line, `indent` spaces in.
    package mutating func write(_ pairs: [(key: String, value: Value)], indent: Int) {
        for (index, pair) in pairs.enumerated() {
            // The first pair of a list's element goes on the line of its dash.
            let isStarted = index == 0 && text.hasSuffix("- ")
            text += (isStarted ? "" : spaces(indent)) + "\(pair.key):"
            write(pair.value, indent: indent)
        }
    }

    private mutating func write(_ value: Value, indent: Int) {
        switch value {
        case .string(let string):
            text += " \(Self.scalar(string, indent: indent + 2))\n"
        case .literal(let literal):
            text += " \(literal)\n"
        case .list(let elements):
            text += elements.isEmpty ? " []\n" : "\n"
            for element in elements { writeElement(element, indent: indent + 2) }
        case .mapping(let pairs):
            text += pairs.isEmpty ? " {}\n" : "\n"
            write(pairs, indent: indent + 2)
        }
    }

    private mutating func writeElement(_ value: Value, indent: Int) {
        text += spaces(indent) + "-"
        guard case .mapping(let pairs) = value, !pairs.isEmpty else { return write(value, indent: indent) }
        text += " "
        write(pairs, indent: indent + 2)
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    // MARK: Scalars

    /// A text as a scalar that reads back as this text. Lines of a block are `indent` spaces in.
    static func scalar(_ text: String, indent: Int) -> String {
        if canBePlain(text) { return text }
        if canBeBlock(text) { return block(text, indent: indent) }
        guard text.unicodeScalars.allSatisfy(isPrintable) else { return doubleQuoted(text) }
        return "'"
            + text.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false).map { String($0) }
            .joined(separator: "''") + "'"
    }

    private static func block(_ text: String, indent: Int) -> String {
        let newline = UInt8(ascii: "\n")
        let endings = text.utf8.reversed().prefix { $0 == newline }.count
        var block = Array((endings == 0 ? "|-\n" : endings == 1 ? "|\n" : "|+\n").utf8)
        block.reserveCapacity(text.utf8.count * 5 / 4)
        var isLineStart = true
        // Whoever writes the scalar ends its last line.
        for byte in text.utf8.dropLast(endings == 0 ? 0 : 1) {
            if isLineStart && byte != newline { block += repeatElement(UInt8(ascii: " "), count: indent) }
            block.append(byte)
            isLineStart = byte == newline
        }
        return String(decoding: block, as: UTF8.self)
    }

    /// Several lines, of which the first shows the indentation: it has a character that is not white.
    private static func canBeBlock(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first != " ", first != "\t", first != "\n" else { return false }
        guard text.utf8.contains(UInt8(ascii: "\n")) else { return false }
        // Most texts are ASCII, and bytes take a tenth of the time.
        return text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == UInt8(ascii: "\n") }
            || text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || isPrintable($0) }
    }

    /// Printable in YAML, and not a line break in any of its versions.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x1_0000...0x10_FFFF: true
        default: false
        }
    }

    private static func doubleQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
            default: quoted += escape(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x1_0000 ? ("u", 4) : ("U", 8)
        return "\\\(letter)" + Hex.digits(scalar.value, width: width)
    }

    // MARK: What a plain scalar would be taken for

    private static let words: Set<String> = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<",
    ]

    private static let longestWord = 5

    private static func canBePlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isWord(first) || "/$._".utf8.contains(first),
            text.utf8.allSatisfy({ isWord($0) || " /$._:=,@+~%-".utf8.contains($0) })
        else { return false }
        guard !text.hasSuffix(" "), !text.hasSuffix(":"), !hasColonBeforeSpace(text) else { return false }
        return !(text.utf8.count <= longestWord && words.contains(text.lowercased())) && !looksNumeric(text)
            && text != "---" && text != "..."
    }

    private static func hasColonBeforeSpace(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: ":"))
            && zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: ":") && $1 == UInt8(ascii: " ") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// Integers of any base, floats, base 60, dates: what starts like one and has nothing else in it. An address with
    /// its three dots is none of these.
    private static func looksNumeric(_ text: String) -> Bool {
        // Also ".inf" and ".nan" begin with a dot.
        guard let first = text.utf8.first, first == UInt8(ascii: ".") || (0x30...0x39).contains(first) else {
            return false
        }
        let isNamed = [".inf", ".nan"].contains(text.lowercased())
        if ["0x", "0o", "0b"].contains(text.prefix(2).lowercased()) { return true }
        let dots = text.utf8.filter { $0 == UInt8(ascii: ".") }.count
        let isDecimal = dots <= 1 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || "_.eE+-".utf8.contains($0) }
        let isBase60OrDate = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "_.:- TtZz+".utf8.contains($0) }
        return isNamed || isDecimal || (isBase60OrDate && text.utf8.contains { ":-".utf8.contains($0) })
    }
}
