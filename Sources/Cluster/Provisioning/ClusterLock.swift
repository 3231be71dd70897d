import FoundationEssentials
import SystemPackage
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps a second change to the same cluster out while one is under way, and the removal of images while any is.
///
/// The lock is the kernel's (`flock`), so it is gone with its holder however that ends; the file only says who holds it.
package struct ClusterLock: ~Copyable {
    private let file: LockFile
    /// Shared with those who change other clusters; nil for who keeps them all out.
    private let images: LockFile?

    private static let imagesName = ".images"

    /// Takes a cluster's lock without waiting.
    ///
    /// - Parameters:
    ///   - directory: where locks are kept; made if missing.
    ///   - purpose: the command, for whoever is refused meanwhile.
    /// - Throws: ``ProvisioningError`` that names the holder, when there is one.
    package init(cluster: ClusterName, directory: FilePath, purpose: String) throws {
        let images = try LockFile(Self.imagesName, in: directory)
        guard try images.take(LOCK_SH) else {
            throw Self.refusal("images are being removed by \(images.holder ?? "another slipway")")
        }
        let file = try LockFile("\(cluster).lock", in: directory)
        guard try file.take(LOCK_EX) else {
            throw Self.refusal("cluster '\(cluster)' is being changed by \(file.holder ?? "another slipway")")
        }
        try file.sign(purpose)
        self.file = file
        self.images = images
    }

    /// Takes the lock of all clusters without waiting: what changes one may be about to use any image.
    package init(allIn directory: FilePath, purpose: String) throws {
        let file = try LockFile(Self.imagesName, in: directory)
        guard try file.take(LOCK_EX) else {
            throw Self.refusal("images may be about to be used by \(try Self.holder(in: directory))")
        }
        try file.sign(purpose)
        self.file = file
        images = nil
    }

    deinit { file.unsign() }

    private static func refusal(_ message: String) -> ProvisioningError {
        let hints = ["wait until it is done, or stop it with Ctrl-C where it runs; then run this again"]
        return ProvisioningError(message, hints: hints)
    }

    /// Whoever holds one of the locks.
    private static func holder(in directory: FilePath) throws -> String {
        // What a process wrote stays when it is killed; its lock does not.
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted() {
            let file = try LockFile(name, in: directory)
            let isHeldAlone = try !file.take(LOCK_SH)
            if isHeldAlone, let holder = file.holder { return holder }
        }
        return "another slipway"
    }
}

/// An open file with a lock of the kernel's; closed, and so unlocked, with its last reference.
private final class LockFile: Sendable {
    private let descriptor: FileDescriptor

    init(_ name: String, in directory: FilePath) throws {
        let path = directory.appending(name)
        do {
            try FileManager.default.createDirectory(
                atPath: directory.string,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700],
            )
            // Whoever can open the file can hold its lock: no other user of this host.
            descriptor = try FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite],
            )
        } catch let error as Errno {
            throw ProvisioningError("cannot open the lock \(path): \(error)")
        } catch {
            throw ProvisioningError("cannot make \(directory): \(error.localizedReason)")
        }
        // One that a version before made, which others could open.
        guard fchmod(descriptor.rawValue, 0o600) == 0 else {
            let reason = Errno(rawValue: errno)
            close(descriptor.rawValue)
            throw ProvisioningError("cannot keep other users from the lock \(path): \(reason)")
        }
    }

    deinit { close(descriptor.rawValue) }

    /// Returns whether the lock was free.
    func take(_ kind: CInt) throws -> Bool {
        guard flock(descriptor.rawValue, kind | LOCK_NB) != 0 else { return true }
        let failure = Errno(rawValue: errno)
        guard failure == .wouldBlock else { throw ProvisioningError("cannot take a lock: \(failure)") }
        return false
    }

    func sign(_ purpose: String) throws {
        unsign()
        _ = try descriptor.writeAll(toAbsoluteOffset: 0, Array("`\(purpose)`, process \(getpid())\n".utf8))
    }

    func unsign() { ftruncate(descriptor.rawValue, 0) }

    /// What the holder says of itself.
    var holder: String? {
        let text = try? withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
            let count = try descriptor.read(fromAbsoluteOffset: 0, into: buffer)
            return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
        }
        return text?.split(whereSeparator: \.isNewline).first.map(String.init)
    }
}

extension Error {
    /// The system's own reason of an error of Foundation's, whose description is a dump.
    fileprivate var localizedReason: String {
        guard let error = self as? CocoaError, let cause = error.underlying as? POSIXError else { return "\(self)" }
        return Errno(rawValue: cause.code.rawValue).description
    }
}
