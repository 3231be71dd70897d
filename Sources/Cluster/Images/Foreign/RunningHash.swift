import Basics
import Crypto
import TopologyModel

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
