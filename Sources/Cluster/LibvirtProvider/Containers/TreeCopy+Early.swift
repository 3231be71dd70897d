import Glibc

/// Files that are copied while they are in use.
extension TreeCopy {
    /// Copies files that are large and have not changed for a while, of a directory that is in use, to where
    /// ``copy(_:to:from:leavingOut:)`` takes them from unless they have changed since. The name of each says which file
    /// it is, and when it had changed.
    func copyEarly(_ source: String, to pool: String) throws {
        guard mkdir(pool, 0o700) == 0 else { throw failure("make", pool) }
        let from = try open(source)
        defer { close(from) }
        let into = try open(pool)
        defer { close(into) }
        var status = stat()
        guard fstat(from, &status) == 0 else { throw failure("examine", source) }
        var state = State()
        state.device = UInt64(status.st_dev)
        try gather(from, at: source, into: into, &state)
    }

    /// What cannot be found or opened any more is left to the copy proper.
    private func gather(_ source: Int32, at path: String, into pool: Int32, _ state: inout State) throws {
        for name in try names(in: source, at: path) {
            if isCancelled() { throw CancellationError() }
            var status = stat()
            guard fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let shown = "\(path)/\(text(name))"
            switch status.st_mode & S_IFMT {
            case S_IFDIR where UInt64(status.st_dev) == state.device:
                let directory = openat(source, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                guard directory >= 0 else { continue }
                defer { close(directory) }
                try gather(directory, at: shown, into: pool, &state)
            case S_IFREG where status.st_size >= Self.earlySize:
                try takeEarly(name, from: source, at: shown, into: pool, &state)
            default: break
            }
        }
    }

    private func takeEarly(
        _ name: Name,
        from source: Int32,
        at path: String,
        into pool: Int32,
        _ state: inout State
    ) throws {
        let from = openat(source, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
        guard from >= 0 else { return }
        defer { close(from) }
        // A file that a program has mapped changes without a new time until it is written through; after that, the next
        // change has one.
        guard fsync(from) == 0 else { return }
        var status = stat()
        guard fstat(from, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        let changed = max(status.st_mtim.tv_sec, status.st_ctim.tv_sec)
        guard time(nil) - changed >= settleTime else { return }
        let into = openat(pool, earlyName(status), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        // It is there where the file has several names.
        guard into >= 0 else { return }
        defer { close(into) }
        if state.shares, ioctl(into, cloneFile, from) == 0 { return }
        state.shares = false
        try copyData(from, to: into, size: off_t(status.st_size), at: path, &state)
    }

    /// Name of a file that is copied early.
    func earlyName(_ status: stat) -> String {
        let (changed, touched) = (status.st_mtim, status.st_ctim)
        return
            "\(status.st_ino)-\(status.st_size)-\(changed.tv_sec).\(changed.tv_nsec)-\(touched.tv_sec).\(touched.tv_nsec)"
    }
}
