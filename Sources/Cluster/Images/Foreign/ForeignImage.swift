import TopologyModel

/// A disk image that someone else made, in the store under the digest of its bytes.
package struct ForeignImage: Sendable, Hashable, Codable {
    /// SHA-256 of the disk as it is stored, unpacked.
    package var digest: String
    /// Format of the file.
    package var format: ImageFile.Format
    /// The stored file's length in bytes.
    package var size: UInt64
    /// The disk's own size in bytes, as a guest sees it.
    package var capacity: UInt64
    /// Source: a URL or a path.
    package var source: String
    /// Checksum of the source's bytes, as published; nil where none was given.
    package var checksum: ImageChecksum?
    /// SHA-256 of the file of keys one of which signed what came of the source; nil where no signature was checked.
    package var signedBy: String?
    /// The names it goes by, sorted; none for one whose names went to others.
    package var names: [String] = []

    /// Returns whether one of the digests is the disk's, or its source's.
    package func isKnown(by digests: Set<String>) -> Bool {
        digests.contains(digest) || checksum.map { digests.contains($0.digest) } ?? false
    }
}

/// An image that someone asks for.
package struct ImageRequest: Sendable, Hashable {
    /// Nil for one that goes by its digest only, and is kept as long as a node uses it.
    package var name: String?
    /// Address of its file.
    package var origin: ImageOrigin
    /// Checksum to compare; nil for none.
    package var checksum: ImageChecksum?
    /// Signature to verify; nil for none.
    package var signature: RoleImage.Signature?

    package init(
        name: String?,
        origin: ImageOrigin,
        checksum: ImageChecksum? = nil,
        signature: RoleImage.Signature? = nil,
    ) {
        self.name = name
        self.origin = origin
        self.checksum = checksum
        self.signature = signature
    }

    /// Lower-case letters, digits, dots and dashes, and nothing that looks like the start of a digest.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63, first != UInt8(ascii: "."),
            first != UInt8(ascii: "-")
        else { return false }
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain && !(text.utf8.count >= 8 && text.allSatisfy(\.isHexDigit))
    }
}
