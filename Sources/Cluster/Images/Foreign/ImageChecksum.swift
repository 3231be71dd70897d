import Basics
import Crypto

/// Checksum of a file, as published.
package struct ImageChecksum: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Hash function of a checksum.
    package enum Algorithm: String, Sendable, Hashable, Codable {
        case sha256, sha512

        var length: Int { self == .sha256 ? 64 : 128 }
    }

    /// Hash function.
    package let algorithm: Algorithm
    /// In lower-case hexadecimal.
    package let digest: String

    /// Nil where the text is no digest of that kind: another length, or not hexadecimal.
    package init?(_ algorithm: Algorithm, _ text: String) {
        guard text.utf8.count == algorithm.length, text.utf8.allSatisfy(Self.isHexDigit) else { return nil }
        self.algorithm = algorithm
        digest = text.lowercased()
    }

    package var description: String { "\(algorithm.rawValue):\(digest)" }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

/// A hash of bytes that still come.
enum RunningHash {
    case sha256(SHA256)
    case sha512(SHA512)

    init(_ algorithm: ImageChecksum.Algorithm) {
        self = algorithm == .sha256 ? .sha256(SHA256()) : .sha512(SHA512())
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .sha256(var hash):
            hash.update(bufferPointer: bytes)
            self = .sha256(hash)
        case .sha512(var hash):
            hash.update(bufferPointer: bytes)
            self = .sha512(hash)
        }
    }

    /// The digest of all that came, in hexadecimal.
    var digest: String {
        switch self {
        case .sha256(let hash): Hex.encode(hash.finalize())
        case .sha512(let hash): Hex.encode(hash.finalize())
        }
    }
}
