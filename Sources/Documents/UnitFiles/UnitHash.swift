import Basics
import Crypto

/// The SHA-1 digest of a unit's canonical text, which tells two versions of a unit apart, as in fleet.
package struct UnitHash: Sendable, Hashable {
    /// Forty hexadecimal digits, lower case.
    package let hex: String

    /// Takes the digest of `text`.
    package init(of text: String) {
        var sha = Insecure.SHA1()
        var bytes = text
        bytes.withUTF8 { sha.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        hex = Hex.encode(sha.finalize())
    }

    /// Reads forty hexadecimal digits of either case; nil for anything else.
    package init?(hex: String) {
        guard hex.utf8.count == 40, hex.allSatisfy(\.isASCII), hex.allSatisfy(\.isHexDigit) else { return nil }
        self.hex = hex.lowercased()
    }

    /// The first seven digits, as tables show them.
    package var short: String { String(hex.prefix(7)) }
}

extension UnitHash: CustomStringConvertible {
    package var description: String { hex }
}

extension UnitHash: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let hash = UnitHash(hex: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not a SHA-1 digest of 40 hexadecimal digits",
            )
        }
        self = hash
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
