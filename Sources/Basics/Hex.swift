/// Hexadecimal digits.
package enum Hex {
    private static let lowercase = Array("0123456789abcdef".utf8)
    private static let uppercase = Array("0123456789ABCDEF".utf8)

    /// Two lower-case digits for each byte.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [lowercase[Int($0 >> 4)], lowercase[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The lower-case digits of `number`, with leading zeros up to `width`.
    package static func digits(_ number: UInt32, width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
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
