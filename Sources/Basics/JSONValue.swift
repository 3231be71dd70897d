/// A JSON text (RFC 8259) as a value, for answers that come too often for a decoder that knows types, and for programs
/// without Foundation.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// Digits as they stand: etcd's ids do not fit a double.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order of the text, which may have a name twice.
    case object([Member])

    /// A name and its value.
    package struct Member: Sendable, Equatable {
        /// Name within its object.
        package var name: String
        /// Value beside it.
        package var value: JSONValue
    }

    /// The member of an object; the last one where the name is there twice, nil for other values.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// Elements of an array; none of other values.
    package var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// A string's text; nil for other values.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// Nil when the text is not JSON, or is nested deeper than 64 values.
    package init?(_ text: String) {
        var text = text
        guard let value = text.withUTF8({ JSONValue(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = value
    }

    /// Nil when the bytes are not JSON, or it is nested deeper than 64 values.
    package init?(utf8 bytes: UnsafeRawBufferPointer) {
        var parser = JSONParser(bytes: bytes)
        guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
        self = value
    }
}

private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    private var next = 0

    private static let depthLimit = 64
    private static let backslash = UInt8(ascii: "\\")
    private static let quote = UInt8(ascii: "\"")

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// True where nothing but white space follows.
    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return next == bytes.count
        }
    }

    private var byte: UInt8? { next < bytes.count ? bytes[next] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { next += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard byte == UInt8(ascii: character) else { return false }
        next += 1
        return true
    }

    mutating func value(depth: Int) -> JSONValue? {
        skipSpace()
        guard depth < Self.depthLimit, let byte else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return array(depth)
        case Self.quote: return string().map(JSONValue.string)
        default: return word()
        }
    }

    private mutating func object(_ depth: Int) -> JSONValue? {
        guard take("{") else { return nil }
        var members: [JSONValue.Member] = []
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard let name = string(), take(":"), let value = value(depth: depth + 1) else { return nil }
            members.append(JSONValue.Member(name: name, value: value))
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func array(_ depth: Int) -> JSONValue? {
        guard take("[") else { return nil }
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func string() -> String? {
        guard byte == Self.quote else { return nil }
        next += 1
        let start = next
        while let byte, byte != Self.quote, byte != Self.backslash {
            guard byte >= 0x20 else { return nil }
            next += 1
        }
        let plain = bytes[start..<next]
        guard byte != Self.quote else {
            next += 1
            return String(decoding: plain, as: UTF8.self)
        }
        return escapedString(after: Array(plain))
    }

    /// The rest of a string that has escapes.
    private mutating func escapedString(after start: [UInt8]) -> String? {
        var text = start
        while let byte {
            next += 1
            switch byte {
            case Self.quote: return String(decoding: text, as: UTF8.self)
            case Self.backslash:
                guard let scalar = escape() else { return nil }
                text += Array(String(scalar).utf8)
            case ..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte else { return nil }
        next += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "u"): return unicode()
        case Self.quote, Self.backslash, UInt8(ascii: "/"): return Unicode.Scalar(byte)
        default: return nil
        }
    }

    /// Half of a pair of surrogates alone becomes U+FFFD.
    private mutating func unicode() -> Unicode.Scalar? {
        guard let first = codeUnit() else { return nil }
        guard UTF16.isLeadSurrogate(first), next + 1 < bytes.count, bytes[next] == Self.backslash,
            bytes[next + 1] == UInt8(ascii: "u")
        else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let before = next
        next += 2
        guard let second = codeUnit() else { return nil }
        guard UTF16.isTrailSurrogate(second) else {
            next = before
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + ((UInt32(first) & 0x3FF) << 10 | UInt32(second) & 0x3FF)) ?? "\u{FFFD}"
    }

    private mutating func codeUnit() -> UInt16? {
        guard next + 4 <= bytes.count else { return nil }
        let digits = String(decoding: bytes[next..<next + 4], as: UTF8.self)
        next += 4
        return digits.allSatisfy(\.isHexDigit) ? UInt16(digits, radix: 16) : nil
    }

    private mutating func word() -> JSONValue? {
        let start = next
        while let byte, byte > 0x20, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]"), byte != UInt8(ascii: "}") {
            next += 1
        }
        let text = String(decoding: bytes[start..<next], as: UTF8.self)
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: return Self.isNumber(text) ? .number(text) : nil
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        let first = text.utf8.first { $0 != UInt8(ascii: "-") } ?? 0
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) && !text.contains { $0 == "x" || $0 == "X" }
            && Double(text) != nil
    }
}
