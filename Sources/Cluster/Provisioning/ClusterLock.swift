import Basics
import FileErrors
import FoundationEssentials
import SystemPackage
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps a second change to the same cluster out while one is under way, and the removal of images while any is.
///
/// The lock is the kernel's (`flock`), so it is gone with its holder however that ends; the file only says who holds
/// it.
package struct ClusterLock: ~Copyable {
    private let file: FileLock
    /// Shared with those who change other clusters; nil for who keeps them all out.
    private let images: FileLock?

    private static let imagesName = ".images"

    /// Takes a cluster's lock without waiting.
    ///
    /// - Parameters:
    ///   - directory: where locks are kept; made if missing.
    ///   - purpose: the command, for whoever is refused meanwhile.
    /// - Throws: ``ProvisioningError`` that names the holder, when there is one.
    package init(cluster: ClusterName, directory: FilePath, purpose: String) throws {
        let images = try FileLock(Self.imagesName, in: directory)
        guard try images.take(.shared) else {
            throw Self.refusal("images are being removed by \(images.holder ?? "another slipway")")
        }
        let file = try FileLock("\(cluster).lock", in: directory)
        guard try file.take(.exclusive) else {
            throw Self.refusal("cluster '\(cluster)' is being changed by \(file.holder ?? "another slipway")")
        }
        try file.sign(purpose)
        self.file = file
        self.images = consume images
    }

    /// Takes the lock of all clusters without waiting: what changes one may be about to use any image.
    package init(allIn directory: FilePath, purpose: String) throws {
        let file = try FileLock(Self.imagesName, in: directory)
        guard try file.take(.exclusive) else {
            throw Self.refusal("images may be about to be used by \(try Self.holder(in: directory))")
        }
        try file.sign(purpose)
        self.file = file
        images = nil
    }

    /// Returns whether a command of this host is changing the cluster now.
    package static func isHeld(cluster: ClusterName, directory: FilePath) throws -> Bool {
        try !FileLock("\(cluster).lock", in: directory).take(.shared)
    }

    deinit { file.clearNote() }

    /// Identity of the locked file on this host; the same for all its holders.
    package var identity: String {
        get throws { try file.identity }
    }

    private static func refusal(_ message: String) -> ProvisioningError {
        let hints = ["wait until it is done, or stop it with Ctrl-C where it runs; then run this again"]
        return ProvisioningError(message, hints: hints)
    }

    /// Whoever holds one of the locks.
    private static func holder(in directory: FilePath) throws -> String {
        // What a process wrote stays when it is killed; its lock does not.
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted() {
            let file = try FileLock(name, in: directory)
            let isHeldAlone = try !file.take(.shared)
            if isHeldAlone, let holder = file.holder { return holder }
        }
        return "another slipway"
    }
}

extension FileLock {
    fileprivate init(_ name: String, in directory: FilePath) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory.string,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700],
            )
        } catch {
            throw ProvisioningError("cannot make the directory of locks: \(error.plainReason)")
        }
        do {
            try self.init(directory.appending(name).string)
        } catch {
            throw ProvisioningError("cannot use the lock \(directory.appending(name)): \(error.plainReason)")
        }
    }

    fileprivate func sign(_ purpose: String) throws { try setNote("`\(purpose)`, process \(getpid())\n") }

    /// Description of the holder, by itself.
    fileprivate var holder: String? { note?.split(whereSeparator: \.isNewline).first.map(String.init) }
}
