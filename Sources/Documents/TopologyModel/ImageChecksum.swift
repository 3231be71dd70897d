/// Checksum of a file, as published.
package struct ImageChecksum: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Hash function of a checksum.
    package enum Algorithm: String, Sendable, Hashable, Codable {
        case sha256, sha512

        /// Number of hexadecimal digits.
        package var length: Int { self == .sha256 ? 64 : 128 }
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
