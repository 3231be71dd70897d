import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// Files that take another's place at once, and are on the disk when the call returns.
package enum DurableFile {
    /// Writes a file whole: beside its place first, then under its name; file and directory are synchronised.
    ///
    /// - Parameter permissions: whatever the umask.
    /// - Throws: `Errno`.
    package static func write(_ bytes: [UInt8], to path: String, permissions: UInt32) throws {
        let file = FilePath(path)
        let draft = FilePath("\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).part")
        do {
            let descriptor = try FileDescriptor.open(
                draft,
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite],
            )
            try descriptor.closeAfter {
                _ = try descriptor.writeAll(bytes)
                guard fchmod(descriptor.rawValue, permissions) == 0 else { throw Errno(rawValue: errno) }
                try synchronize(descriptor)
            }
            guard rename(draft.string, file.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(draft.string)
            throw error
        }
        try synchronize(directory: file.removingLastComponent().string)
    }

    /// Waits until the names in a directory are on the disk.
    ///
    /// - Throws: `Errno`.
    package static func synchronize(directory: String) throws {
        let descriptor = try FileDescriptor.open(directory.isEmpty ? "." : directory, .readOnly, options: .closeOnExec)
        try descriptor.closeAfter { try synchronize(descriptor) }
    }

    private static func synchronize(_ descriptor: FileDescriptor) throws {
        // A file system that cannot is no reason to fail: it keeps what it can.
        guard fsync(descriptor.rawValue) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw Errno(rawValue: errno)
        }
    }
}
