/// Base64 with padding (RFC 4648).
package enum Base64 {
    /// The two alphabets of RFC 4648, which differ in the last two characters.
    package enum Alphabet: Sendable {
        /// Section 4: `+` and `/`.
        case standard
        /// Section 5: `-` and `_`, which need no escape in a URL.
        case urlSafe

        var characters: [UInt8] { self == .standard ? Base64.standard : Base64.urlSafe }
    }

    /// Text that is not base64.
    package struct Corrupt: Error, Sendable, Hashable, CustomStringConvertible {
        /// Description of the error, for people.
        package var description: String

        init(_ reason: String) { description = "not base64: \(reason)" }
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let standard = Array("\(letters)+/".utf8)
    private static let urlSafe = Array("\(letters)-_".utf8)
    private static let padding = UInt8(ascii: "=")

    /// The text of `bytes`, on one line.
    package static func encode(_ bytes: some Sequence<UInt8>, _ alphabet: Alphabet = .standard) -> String {
        let characters = alphabet.characters
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(characters[Int(buffer >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { text.append(characters[Int(buffer << UInt32(6 - bits) & 63)]) }
        while text.count % 4 != 0 { text.append(padding) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in the standard alphabet. Line breaks in it are skipped, nothing else is.
    package static func decode(_ text: some Sequence<UInt8>) throws(Corrupt) -> [UInt8] {
        let result =
            text.withContiguousStorageIfAvailable(decoded) ?? ContiguousArray(text).withUnsafeBufferPointer(decoded)
        return try result.get()
    }

    /// Every key and value that etcd's gateway sends comes through here.
    private static func decoded(_ text: UnsafeBufferPointer<UInt8>) -> Result<[UInt8], Corrupt> {
        var failure: Corrupt?
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { bytes, count in
            do throws(Corrupt) { count = try decode(text, into: bytes) } catch { failure = error }
        }
        return failure.map(Result.failure) ?? .success(bytes)
    }

    /// - Returns: the number of bytes.
    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>,
        into bytes: UnsafeMutableBufferPointer<UInt8>,
    ) throws(Corrupt) -> Int {
        var count = 0
        var (buffer, bits): (UInt32, Int) = (0, 0)
        var (characters, pads) = (0, 0)
        for byte in text where byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") {
            characters += 1
            if byte == padding {
                pads += 1
                continue
            }
            guard pads == 0 else { throw Corrupt("the padding is wrong") }
            guard let value = value(of: byte) else {
                throw Corrupt("\"\(Character(Unicode.Scalar(byte)))\" is not a character of base64")
            }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes[count] = UInt8(truncatingIfNeeded: buffer >> UInt32(bits))
                count += 1
            }
        }
        guard characters % 4 == 0 else { throw Corrupt("its length is not a multiple of four") }
        guard pads <= 2 else { throw Corrupt("the padding is wrong") }
        return count
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
