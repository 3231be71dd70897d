import Crypto
import SystemPackage

/// SHA-256 of a file's bytes.
enum FileDigest {
    static func of(_ path: String) throws(ImagesError) -> String {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            return try file.closeAfter {
                var hash = SHA256()
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
                defer { buffer.deallocate() }
                while case let count = try file.read(into: buffer), count > 0 {
                    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
                return Digest.hexadecimal(hash.finalize())
            }
        } catch {
            throw ImagesError(.programs, "cannot read \(path)", cause: error)
        }
    }
}
