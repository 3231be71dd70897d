import Basics
import Crypto
import FoundationEssentials
import Glibc
import SystemPackage

/// Digests in hexadecimal; SHA-256 where nothing else is said.
enum Digest {
    static func of(_ text: String) -> String {
        of(Array(text.utf8))
    }

    static func of(_ bytes: [UInt8]) -> String {
        Hex.encode(SHA256.hash(data: bytes))
    }
}

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
                return Hex.encode(hash.finalize())
            }
        } catch {
            throw ImagesError(.programs, "cannot read \(path)", cause: error)
        }
    }
}

/// Digests of files that were read before, by what changes when a file does: device, inode, size, and the times of its
/// last change. Hashing all node programs takes half a second, and `slipway up` asks for them each time.
package struct DigestCache: Sendable {
    /// Lines of a digest and what the file was, separated by one space.
    private let file: String?
    private var known: [String: String] = [:]
    private var isChanged = false

    /// Remembers nothing.
    init() {
        file = nil
    }

    /// Creates a cache that is kept in a file.
    package init(file: String) {
        self.file = file
        let text = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[0].utf8.count == 64 {
                known[String(parts[1])] = String(parts[0])
            }
        }
    }

    /// SHA-256 of a file, computed only when the file changed since.
    package mutating func digest(of path: String) throws(ImagesError) -> String {
        let identity = Self.identity(of: path)
        if let identity, let digest = known[identity] { return digest }
        let digest = try FileDigest.of(path)
        // A file that changed while it was read is not remembered.
        if let identity, identity == Self.identity(of: path) {
            known[identity] = digest
            isChanged = true
        }
        return digest
    }

    /// Keeps what is known for the next time, the files of this time only. Without the right to write, the next time
    /// takes as long as this one, which is no reason to fail.
    package func save(_ digests: Set<String>) {
        guard isChanged, let file else { return }
        let lines = known.filter { digests.contains($0.value) }.map { "\($0.value) \($0.key)\n" }.sorted()
        try? AtomicFile.write(lines.joined(), to: file, isDurable: false)
    }

    private static func identity(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(times.joined(separator: " "))"
    }
}
