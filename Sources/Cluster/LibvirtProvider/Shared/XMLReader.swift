import Basics

/// Reads the XML that libvirt writes. Comments, processing instructions and document types are passed over.
struct XMLReader {
    private let input: [UInt8]
    private var position = 0

    /// Position and cause of an XML error.
    struct Problem: Error, Hashable, CustomStringConvertible {
        var message: String
        /// In bytes from the start.
        var offset: Int

        var description: String { "\(message) at byte \(offset)" }
    }

    private init(_ text: String) {
        input = Array(text.utf8)
    }

    /// The document's root element.
    static func read(_ text: String) throws(Problem) -> XMLElement {
        var reader = XMLReader(text)
        try reader.skipProlog()
        return try reader.element()
    }

    // MARK: Grammar

    private mutating func skipProlog() throws(Problem) {
        while true {
            skipSpace()
            if starts(with: "<?") {
                try skip(past: "?>")
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<!") {
                try skip(past: ">")
            } else {
                return
            }
        }
    }

    private mutating func element() throws(Problem) -> XMLElement {
        try expect("<")
        var element = XMLElement(try name())
        while true {
            skipSpace()
            if starts(with: "/>") {
                position += 2
                return element
            }
            if starts(with: ">") {
                position += 1
                try content(of: &element)
                return element
            }
            element.attributes.append(try attribute())
        }
    }

    private mutating func attribute() throws(Problem) -> XMLElement.Attribute {
        let name = try name()
        skipSpace()
        try expect("=")
        skipSpace()
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw problem("an attribute's value must be quoted")
        }
        position += 1
        let start = position
        while let byte = peek, byte != quote { position += 1 }
        guard peek == quote else { throw problem("an attribute's value has no end") }
        let value = try decoded(input[start..<position])
        position += 1
        return .init(name: name, value: value)
    }

    private mutating func content(of element: inout XMLElement) throws(Problem) {
        var text = ""
        while true {
            if starts(with: "</") {
                position += 2
                guard try name() == element.name else { throw problem("<\(element.name)> is closed by another name") }
                skipSpace()
                try expect(">")
                element.text = text.trimmed
                return
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<![CDATA[") {
                position += 9
                let start = position
                try skip(past: "]]>")
                text += String(decoding: input[start..<(position - 3)], as: UTF8.self)
            } else if starts(with: "<?") {
                try skip(past: "?>")
            } else if starts(with: "<") {
                element.children.append(try self.element())
            } else {
                text += try characters(in: element.name)
            }
        }
    }

    private mutating func characters(in name: String) throws(Problem) -> String {
        let start = position
        while let byte = peek, byte != UInt8(ascii: "<") { position += 1 }
        guard position < input.count else { throw problem("<\(name)> is not closed") }
        return try decoded(input[start..<position])
    }

    private mutating func name() throws(Problem) -> String {
        let start = position
        while let byte = peek, !Self.isSpace(byte), !"=/><'\"".utf8.contains(byte) { position += 1 }
        guard position > start else { throw problem("a name is missing") }
        return String(decoding: input[start..<position], as: UTF8.self)
    }

    // MARK: Entities

    private func decoded(_ bytes: ArraySlice<UInt8>) throws(Problem) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("&") else { return text }
        var parts = text.split(separator: "&", omittingEmptySubsequences: false)
        var result = String(parts.removeFirst())
        for part in parts {
            guard let end = part.firstIndex(of: ";"), let character = Self.character(part[..<end]) else {
                throw problem("'&\(part.prefix(12))' is no entity")
            }
            result.append(character)
            result += part[part.index(after: end)...]
        }
        return result
    }

    private static func character(_ entity: Substring) -> Character? {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "apos": return "'"
        case "quot": return "\""
        default:
            guard entity.hasPrefix("#") else { return nil }
            let digits = entity.dropFirst()
            let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init).map(Character.init)
        }
    }

    // MARK: Bytes

    private var peek: UInt8? { position < input.count ? input[position] : nil }

    private func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { input[position...].starts(with: $0) }
    }

    private mutating func expect(_ text: StaticString) throws(Problem) {
        guard starts(with: text) else { throw problem("'\(text)' is missing") }
        position += text.utf8CodeUnitCount
    }

    private mutating func skip(past text: StaticString) throws(Problem) {
        while position < input.count {
            if starts(with: text) {
                position += text.utf8CodeUnitCount
                return
            }
            position += 1
        }
        throw problem("'\(text)' is missing")
    }

    private mutating func skipSpace() {
        while let byte = peek, Self.isSpace(byte) { position += 1 }
    }

    private func problem(_ message: String) -> Problem {
        Problem(message: message, offset: position)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
