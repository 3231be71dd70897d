import Glibc

/// An open file with a lock of the kernel's (`flock`): released when the value goes, and when the process ends however
/// that happens.
package struct FileLock: ~Copyable, Sendable {
    /// Compatibility with other holders of the lock.
    package enum Kind: Sendable {
        /// With other holders of a shared lock.
        case shared
        /// Alone.
        case exclusive
    }

    private let descriptor: Int32
    private let path: String

    /// Opens the file without locking it; creates it where it is missing.
    ///
    /// Whoever can open the file can hold its lock, so it is made its owner's alone, also where it exists already.
    package init(_ path: String) throws(SystemFailure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemFailure("open \(path)") }
        guard fchmod(descriptor, 0o600) == 0 else {
            let failure = SystemFailure("set the mode of \(path)")
            close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        // A process that was forked and has not begun its program yet has the file open, too, and would hold the lock on.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes the lock, or changes its kind, without waiting.
    ///
    /// - Returns: false when another process holds it.
    package func take(_ kind: Kind) throws(SystemFailure) -> Bool {
        let operation = kind == .shared ? LOCK_SH : LOCK_EX
        while flock(descriptor, operation | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            default: throw SystemFailure("lock \(path)")
            }
        }
        return true
    }

    /// The file's device and number on this host.
    package var identity: String {
        get throws(SystemFailure) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw SystemFailure("examine \(path)") }
            return "\(status.st_dev):\(status.st_ino)"
        }
    }

    /// The file's text, of at most 512 bytes: what a holder says of itself.
    package var note: String? {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// Replaces the file's text.
    package func setNote(_ text: String) throws(SystemFailure) {
        clearNote()
        let bytes = Array(text.utf8)
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { throw SystemFailure("write \(path)") }
    }

    /// Empties the file. Its text is for people, and the lock does not depend on it: a failure is no error.
    package func clearNote() { ftruncate(descriptor, 0) }
}
