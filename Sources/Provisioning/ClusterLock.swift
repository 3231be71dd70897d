import FoundationEssentials
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps a second change to the same cluster out while one is under way.
///
/// The lock is the kernel's (`flock`), so it is gone with its holder however that ends; the file only says who holds it.
package struct ClusterLock: ~Copyable {
    private let descriptor: FileDescriptor

    /// Takes the lock without waiting.
    ///
    /// - Parameters:
    ///   - directory: where locks are kept; made if missing.
    ///   - purpose: the command, for whoever is refused meanwhile.
    /// - Throws: ``ProvisioningError`` that names the holder, when there is one.
    package init(cluster: String, directory: FilePath, purpose: String) throws {
        descriptor = try Self.take(cluster, directory: directory, purpose: purpose)
    }

    private static func take(_ cluster: String, directory: FilePath, purpose: String) throws -> FileDescriptor {
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        let descriptor = try FileDescriptor.open(
            directory.appending("\(cluster).lock"),
            .readWrite,
            options: [.create, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead],
        )
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let failure = Errno(rawValue: errno)
            let holder = holder(descriptor)
            try descriptor.close()
            guard failure == .wouldBlock else { throw failure }
            throw ProvisioningError(
                "cluster '\(cluster)' is being changed by \(holder)",
                hints: ["wait until it is done, or stop it with Ctrl-C where it runs; then run this again"],
            )
        }
        ftruncate(descriptor.rawValue, 0)
        _ = try descriptor.writeAll(toAbsoluteOffset: 0, Array("`\(purpose)`, process \(getpid())\n".utf8))
        return descriptor
    }

    deinit {
        ftruncate(descriptor.rawValue, 0)
        close(descriptor.rawValue)
    }

    private static func holder(_ descriptor: FileDescriptor) -> String {
        let text = try? withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
            let count = try descriptor.read(fromAbsoluteOffset: 0, into: buffer)
            return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
        }
        let line = text?.split(whereSeparator: \.isNewline).first.map(String.init)
        return line ?? "another slipway"
    }
}
