/// Hexadecimal digits.
package enum Hex {
    private static let uppercase = Array("0123456789ABCDEF".utf8)

    /// Two lower-case digits for each byte.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        // A loop over an array is compiled for it; over any sequence each byte is a call.
        let bytes = Array(bytes)
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            digits.append(lowercaseDigit(byte >> 4))
            digits.append(lowercaseDigit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The lower-case digits of `number`, with leading zeros up to `width`.
    package static func digits(_ number: UInt32, width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func lowercaseDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The two upper-case digits of `byte`, as ASCII.
    static func uppercaseDigits(_ byte: UInt8) -> [UInt8] { [uppercase[Int(byte >> 4)], uppercase[Int(byte & 15)]] }

    /// The value of an ASCII digit of either case; nil for any other byte.
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// FNV-1a, 64 bits: a hash that is the same on every host and in every version, unlike `Hashable`'s. Not for secrets.
package enum FNV1a {
    /// The hash of `bytes`.
    package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The hash in hexadecimal, without leading zeros.
    package static func digits(of bytes: some Sequence<UInt8>) -> String { String(hash(bytes), radix: 16) }
}
