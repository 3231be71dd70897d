import Basics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The machine's files, as seen from its root. Nothing is written that is already as it should be.
struct NodeFiles: Sendable {
    /// Path of the system's root, without a slash at the end: empty for this system.
    let root: String
    /// True when owners can be set; a test is not root.
    let setsOwners: Bool

    struct Owner: Sendable, Hashable {
        var user: UInt32
        var group: UInt32

        static let root = Owner(user: 0, group: 0)
    }

    func host(_ path: String) -> String { root + path }

    /// The content of a file; nil when there is none.
    ///
    /// - Parameter limit: the most bytes it may have. What is larger is an error, and is not read to its end.
    func read(_ path: String, limit: Int = .max) throws(NodeSetupError) -> [UInt8]? {
        do {
            return try WholeFile.bytes(of: host(path), limit: limit)
        } catch {
            guard error.number != EFBIG else {
                throw NodeSetupError(.file, "\(path) is larger than \(limit >> 20) MiB")
            }
            throw NodeSetupError(.file, "cannot read \(path)", cause: error.reason)
        }
    }

    func readText(_ path: String) throws(NodeSetupError) -> String? {
        try read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes the file have this content, owner and mode: whole or not at all.
    ///
    /// - Parameters:
    ///   - owner: root when nil.
    ///   - isDurable: whether it must be on the disk when this returns.
    /// - Returns: whether anything had to be changed.
    @discardableResult
    func write(
        _ path: String,
        _ content: [UInt8],
        owner: Owner? = nil,
        mode: UInt32 = 0o644,
        isDurable: Bool = false,
    ) throws(NodeSetupError) -> Bool {
        let owner = owner ?? .root
        if try isRegular(path, owner: owner, mode: mode), try read(path) == content { return false }
        try makeDirectory(NodePath.parent(path))
        let temporary = "\(NodePath.parent(path))/.cloudinit-\(getpid())-\(NodePath.name(path))"
        do {
            try create(temporary, content, owner: owner, mode: mode)
            if isDurable { try synchronize(temporary) }
            try replace(path, with: temporary, content)
            if isDurable { try synchronize(NodePath.parent(path)) }
        } catch {
            unlink(host(temporary))
            throw NodeSetupError(.file, "cannot write \(path)", cause: error.description)
        }
        return true
    }

    /// Makes the directory and those above it; ones that are there stay as they are.
    func makeDirectory(_ path: String, owner: Owner = .root, mode: UInt32 = 0o755)
        throws(NodeSetupError)
    {
        guard path != "/", !path.isEmpty else { return }
        var made = mkdir(host(path), mode_t(mode))
        if made != 0, errno == ENOENT {
            try makeDirectory(NodePath.parent(path))
            // In /proc, and where others take directories away, it is ENOENT again.
            made = mkdir(host(path), mode_t(mode))
        }
        guard made == 0 else {
            if errno == EEXIST { return }
            throw failure("cannot make the directory \(path)")
        }
        if setsOwners, chown(host(path), owner.user, owner.group) != 0 { throw failure("cannot give away \(path)") }
    }

    /// Removes a file; one that is not there is removed already.
    @discardableResult
    func remove(_ path: String) throws(NodeSetupError) -> Bool {
        if unlink(host(path)) == 0 { return true }
        if errno == ENOENT || errno == ENOTDIR { return false }
        throw failure("cannot remove \(path)")
    }

    /// Makes `path` a link to `target`; returns whether it was not one.
    func link(_ path: String, to target: String) throws(NodeSetupError) -> Bool {
        if linkTarget(path) == target { return false }
        try makeDirectory(NodePath.parent(path))
        try remove(path)
        guard symlink(target, host(path)) == 0 else {
            throw failure("cannot link \(path) to \(target)")
        }
        return true
    }

    func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(host(path), &buffer, buffer.count)
        return count < 0
            ? nil : String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(host(path), &status) == 0
    }

    /// Returns whether it is a real directory, not a link to one.
    func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(host(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Owner and mode of a real file, not of a link to one; nil when there is none.
    func regularFile(_ path: String) -> (owner: Owner, mode: UInt32)? {
        var status = stat()
        guard lstat(host(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let owner = Owner(user: status.st_uid, group: status.st_gid)
        return (owner, UInt32(status.st_mode) & 0o7777)
    }

    /// Returns whether it is empty or leads to a device, as masked units do.
    func isNull(_ path: String) -> Bool {
        if linkTarget(path) == "/dev/null" { return true }
        var status = stat()
        guard stat(host(path), &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFCHR
            || (status.st_mode & S_IFMT == S_IFREG && status.st_size == 0)
    }

    /// Names in a directory, sorted; empty when there is none.
    func names(in path: String) -> [String] {
        guard let directory = opendir(host(path)) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    // MARK: Steps of a write

    private func isRegular(_ path: String, owner: Owner, mode: UInt32) throws(NodeSetupError) -> Bool {
        var status = stat()
        guard lstat(host(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        let isOwned = !setsOwners || (status.st_uid == owner.user && status.st_gid == owner.group)
        return isOwned && UInt32(status.st_mode) & 0o7777 == mode
    }

    private func create(
        _ path: String,
        _ content: [UInt8],
        owner: Owner,
        mode: UInt32,
    ) throws(NodeSetupError) {
        unlink(host(path))
        let descriptor = open(host(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        try writeAll(content, to: descriptor)
        if setsOwners, fchown(descriptor, owner.user, owner.group) != 0 { throw failure("chown") }
        // After the owner: changing that takes the set-user-ID bit away.
        if fchmod(descriptor, mode_t(mode)) != 0 { throw failure("chmod") }
    }

    private func replace(_ path: String, with temporary: String, _ content: [UInt8])
        throws(NodeSetupError)
    {
        if rename(host(temporary), host(path)) == 0 { return }
        // A file that is a mount point, such as a container's /etc/hosts, can only be written in place.
        guard errno == EBUSY else { throw failure("rename") }
        let descriptor = open(host(path), O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        try writeAll(content, to: descriptor)
        unlink(host(temporary))
    }

    private func synchronize(_ path: String) throws(NodeSetupError) {
        let descriptor = open(host(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("synchronise") }
    }

    private func writeAll(_ content: [UInt8], to descriptor: Int32) throws(NodeSetupError) {
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("write") }
            rest = rest.dropFirst(count)
        }
    }

    private func failure(_ message: String) -> NodeSetupError {
        NodeSetupError(.file, message, cause: String(cString: strerror(errno)))
    }
}

// `NodeFiles.write` would hide the system's.
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}
