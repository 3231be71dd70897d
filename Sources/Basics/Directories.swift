import Glibc

/// Directories that go with the one they lie in.
package enum Directories {
    /// Makes a directory, and those above it that are missing.
    ///
    /// What root makes in another user's directory becomes that user's: a command that was run by sudo for them does not
    /// keep them out. The same becomes of a directory that is there and is root's, as an earlier version left it.
    /// - Parameter mode: permission bits of what is made, less the process's umask.
    /// - Returns: false where it was there.
    @discardableResult
    package static func make(_ path: String, mode: UInt32 = 0o755) throws(SystemFailure) -> Bool {
        let (parent, name) = split(path)
        var above = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if above < 0, errno == ENOENT, parent != path {
            try make(parent, mode: mode)
            above = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard above >= 0 else { throw SystemFailure("open \(parent)") }
        defer { close(above) }
        let isNew = mkdirat(above, name, mode_t(mode)) == 0
        guard isNew || errno == EEXIST else { throw SystemFailure("make \(path)") }
        try giveAway(name, in: above, path: path)
        return isNew
    }

    /// By descriptors, since the owner of the directory above may rename what is in it meanwhile.
    private static func giveAway(_ name: String, in above: Int32, path: String) throws(SystemFailure) {
        guard geteuid() == 0 else { return }
        var owner = stat()
        guard fstat(above, &owner) == 0 else { throw SystemFailure("examine the directory of \(path)") }
        guard owner.st_uid != 0 else { return }
        let directory = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        // A link, as for images on another disk, leads to what somebody made.
        if directory < 0, errno == ELOOP || errno == ENOTDIR { return }
        guard directory >= 0 else { throw SystemFailure("open \(path)") }
        defer { close(directory) }
        var own = stat()
        guard fstat(directory, &own) == 0 else { throw SystemFailure("examine \(path)") }
        guard own.st_uid == 0 else { return }
        guard fchown(directory, owner.st_uid, owner.st_gid) == 0 else { throw SystemFailure("give away \(path)") }
    }

    private static func split(_ path: String) -> (parent: String, name: String) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let name = String(path[path.index(after: slash)...])
        return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
    }
}
