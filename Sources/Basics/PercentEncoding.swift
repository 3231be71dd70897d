/// Percent-encoding of text in URLs and forms (RFC 3986, section 2.1).
package enum PercentEncoding {
    /// Encoding of a space: forms (`application/x-www-form-urlencoded`) and Go's `url.QueryEscape` use a plus sign.
    package enum Space: Sendable { case percent20, plus }

    /// Encodes the UTF-8 of all but letters, digits and `- . _ ~`, with upper-case digits.
    package static func encode(_ text: String, space: Space = .percent20) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else if byte == UInt8(ascii: " "), space == .plus {
                bytes.append(UInt8(ascii: "+"))
            } else {
                bytes += [UInt8(ascii: "%")] + Hex.uppercaseDigits(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decodes `%` and two hexadecimal digits; any other percent sign stays as it is.
    package static func decode(_ text: some StringProtocol, space: Space = .percent20) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let high = Hex.value(of: rest[rest.startIndex]), let low = Hex.value(of: rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") && space == .plus ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
