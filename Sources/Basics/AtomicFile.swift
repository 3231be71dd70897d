import Glibc

/// Files that are replaced as a whole: a reader finds the old content or the new, and never a part.
package enum AtomicFile {
    /// Writes a draft beside the file and renames it into place.
    ///
    /// A link at `path` is replaced, not followed. The draft's name starts with a dot and is removed on failure.
    /// - Parameters:
    ///   - mode: permission bits of the file, whatever the process's umask.
    ///   - isDurable: whether content and name are written through to the disk before this returns.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o644,
        isDurable: Bool = true,
    ) throws(SystemFailure) {
        let draft = draftPath(path)
        do throws(SystemFailure) {
            try create(draft, bytes, mode: mode, isDurable: isDurable)
            guard rename(draft, path) == 0 else { throw SystemFailure("rename \(draft) to \(path)") }
        } catch {
            unlink(draft)
            throw error
        }
        if isDurable { try synchronize(directory(of: path)) }
    }

    /// Writes a draft beside the file piece by piece, and puts it into place once it is checked.
    ///
    /// - Parameters:
    ///   - replaces: whether a file of that name may be there; else this throws `EEXIST` for one, and leaves it.
    ///   - check: is given the draft's path, whose content is on the disk; throws where it must not be kept.
    package static func write(
        pieces: some Sequence<some Collection<UInt8>>,
        to path: String,
        mode: UInt32 = 0o644,
        replaces: Bool,
        check: (_ draft: String) throws -> Void,
    ) throws {
        let draft = draftPath(path)
        // Where it was renamed there is none.
        defer { unlink(draft) }
        try create(draft, mode: mode, isDurable: true) { descriptor in
            pieces.allSatisfy { piece in
                piece.withContiguousStorageIfAvailable { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
                    ?? Array(piece).withUnsafeBytes { writeAll($0, to: descriptor) }
            }
        }
        try check(draft)
        if replaces {
            guard rename(draft, path) == 0 else { throw SystemFailure("rename \(draft) to \(path)") }
        } else {
            guard link(draft, path) == 0 else { throw SystemFailure("link \(draft) to \(path)") }
        }
        try synchronize(directory(of: path))
    }

    /// Writes a file that a person keeps: a link is followed, and the file keeps its owner and its mode.
    ///
    /// - Throws: also for what is no regular file.
    package static func rewrite(_ text: String, at path: String) throws(SystemFailure) {
        guard let resolved = realpath(path, nil) else { throw SystemFailure("find \(path)") }
        defer { free(resolved) }
        let file = String(cString: resolved)
        var status = stat()
        guard stat(file, &status) == 0 else { throw SystemFailure("read the mode of \(file)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemFailure("replace \(path)", number: EINVAL) }
        let draft = draftPath(file)
        do throws(SystemFailure) {
            try create(draft, Array(text.utf8), mode: status.st_mode & 0o7777, isDurable: true) { descriptor in
                // Only root can change a file's owner; another user's new file is its own already.
                fchown(descriptor, status.st_uid, status.st_gid) == 0
            }
            guard rename(draft, file) == 0 else { throw SystemFailure("rename \(draft) to \(file)") }
        } catch {
            unlink(draft)
            throw error
        }
        try synchronize(directory(of: file))
    }

    /// Writes a text as UTF-8.
    package static func write(
        _ text: String,
        to path: String,
        mode: UInt32 = 0o644,
        isDurable: Bool = true,
    ) throws(SystemFailure) {
        try write(Array(text.utf8), to: path, mode: mode, isDurable: isDurable)
    }

    private static func create(
        _ path: String,
        _ bytes: [UInt8],
        mode: UInt32,
        isDurable: Bool,
        owning: (Int32) -> Bool = { _ in true },
    ) throws(SystemFailure) {
        try create(path, mode: mode, isDurable: isDurable, owning: owning) { descriptor in
            bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
        }
    }

    private static func create(
        _ path: String,
        mode: UInt32,
        isDurable: Bool,
        owning: (Int32) -> Bool = { _ in true },
        writing: (Int32) -> Bool,
    ) throws(SystemFailure) {
        // Not readable by others before it has its mode.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(mode & 0o600))
        guard descriptor >= 0 else { throw SystemFailure("create \(path)") }
        defer { close(descriptor) }
        guard writing(descriptor) else { throw SystemFailure("write \(path)") }
        guard owning(descriptor) else { throw SystemFailure("set the owner of \(path)") }
        guard fchmod(descriptor, mode_t(mode)) == 0 else { throw SystemFailure("set the mode of \(path)") }
        if isDurable, fsync(descriptor) != 0 { throw SystemFailure("write through \(path)") }
    }

    /// Writes all bytes to a file that is open, however many calls that takes.
    ///
    /// - Returns: false where a call failed, with `errno` as it left it.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    private static func synchronize(_ directory: String) throws(SystemFailure) {
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw SystemFailure("open \(directory)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemFailure("write through \(directory)") }
    }

    private static func draftPath(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return "\(directory(of: path))/.\(name).\(String(UInt64.random(in: 0 ... .max), radix: 16))"
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A system call that failed.
package struct SystemFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// `errno` of the call.
    package var number: Int32
    /// Attempted action, such as `open /etc/hosts`.
    package var operation: String

    /// - Parameter number: the calling thread's `errno` where none is given.
    package init(_ operation: String, number: Int32 = errno) {
        self.number = number
        self.operation = operation
    }

    /// The system's words for the number.
    package var reason: String { String(cString: strerror(number)) }

    package var description: String { "\(operation): \(reason)" }
}
