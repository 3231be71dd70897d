import Basics
import Glibc
import Provisioning

/// Copies a directory with all that is in it, as it is: owners, modes, times, extended attributes (of which an overlay
/// has its own), links, devices and sockets. Files are shared with the copy where the file system can (reflinks), and
/// holes stay holes.
///
/// No link is followed, and what is mounted below is not entered: it is another's.
struct TreeCopy: Sendable {
    /// Smallest file that is copied early.
    static let earlySize: off_t = 1 << 18

    /// Seconds for which a file must not have changed to be copied early: the clock of files may stand still between two
    /// changes.
    var settleTime = 2
    /// Returns true when the copy is not wanted any more.
    let isCancelled: @Sendable () -> Bool

    /// Sizes of a copy.
    struct Sizes: Sendable, Equatable {
        /// Bytes of data in all files.
        var bytes: Int64 = 0
        /// Bytes of those that the file system shares with the original.
        var shared: Int64 = 0
    }

    /// Name of a file as the system has it, which need not be UTF-8, with its NUL.
    typealias Name = [CChar]

    /// Identity of a file.
    struct Identity: Hashable {
        var device: UInt64
        var number: UInt64
    }

    struct State {
        var sizes = Sizes()
        /// Paths, below the copy, of files that have several names.
        var linked: [Identity: [CChar]] = [:]
        /// Device of what is copied.
        var device: UInt64 = 0
        /// Directory of files that were copied early; nil for none.
        var pool: Int32?
        /// False once the file system has said that it shares no files.
        var shares = true
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
    }

    /// Copies a directory to one that does not exist.
    ///
    /// - Parameters:
    ///   - pool: directory that ``copyEarly(_:to:)`` has filled, whose files are moved into the copy; nil for none.
    ///   - leavingOut: names in it of directories that are made and not filled.
    func copy(
        _ source: String,
        to target: String,
        from pool: String? = nil,
        leavingOut: Set<String> = []
    ) throws -> Sizes {
        guard mkdir(target, 0o700) == 0 else { throw failure("make", target) }
        let from = try open(source)
        defer { close(from) }
        let into = try open(target)
        defer { close(into) }
        var status = stat()
        guard fstat(from, &status) == 0 else { throw failure("examine", source) }
        var state = State()
        state.device = UInt64(status.st_dev)
        if let pool { state.pool = try open(pool) }
        defer { if let pool = state.pool { close(pool) } }
        let empty = Set(leavingOut.map { Name($0.utf8CString) })
        try fill(into, from: from, at: source, root: into, below: [], leavingOut: empty, &state)
        try finish(into, from: from, status, at: target)
        return state.sizes
    }

    /// Writes all that the file system of a directory has not written yet to its disk.
    static func writeThrough(_ directory: String) throws {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemFailure("open \(directory)") }
        defer { close(descriptor) }
        guard syncfs(descriptor) == 0 else { throw SystemFailure("write \(directory) through") }
    }

    // MARK: Directories

    private func fill(
        _ target: Int32,
        from source: Int32,
        at path: String,
        root: Int32,
        below prefix: [CChar],
        leavingOut: Set<Name> = [],
        _ state: inout State,
    ) throws {
        for name in try names(in: source, at: path) {
            if isCancelled() { throw CancellationError() }
            let shown = "\(path)/\(text(name))"
            var status = stat()
            guard fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                // A node that was off may have been cleaned up meanwhile; one that is frozen does nothing.
                if errno == ENOENT { continue }
                throw failure("examine", shown)
            }
            let own = prefix + name.dropLast()
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                guard mkdirat(target, name, 0o700) == 0 else { throw failure("make a copy of", shown) }
                let from = try open(name, in: source, O_RDONLY | O_DIRECTORY, at: shown)
                defer { close(from) }
                let into = try open(name, in: target, O_RDONLY | O_DIRECTORY, at: shown)
                defer { close(into) }
                if UInt64(status.st_dev) == state.device, !leavingOut.contains(name) {
                    let next = own + [CChar(bitPattern: UInt8(ascii: "/"))]
                    try fill(into, from: from, at: shown, root: root, below: next, &state)
                }
                try finish(into, from: from, status, at: shown)
            case S_IFREG:
                if status.st_nlink > 1 {
                    let identity = Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
                    if let first = state.linked[identity] {
                        guard linkat(root, first, target, name, 0) == 0 else { throw failure("link a copy of", shown) }
                        continue
                    }
                    state.linked[identity] = own + [0]
                }
                try copyFile(name, from: source, to: target, status, at: shown, &state)
            case S_IFLNK: try copyLink(name, from: source, to: target, status, at: shown)
            default: try copySpecial(name, from: source, to: target, status, at: shown)
            }
        }
    }

    func names(in directory: Int32, at path: String) throws -> [Name] {
        // The stream closes the descriptor that it is given.
        let own = try open([CChar(bitPattern: UInt8(ascii: ".")), 0], in: directory, O_RDONLY | O_DIRECTORY, at: path)
        guard let stream = fdopendir(own) else { throw failure("list", path) }
        defer { closedir(stream) }
        var names: [Name] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            let dot = CChar(bitPattern: UInt8(ascii: "."))
            if name != [dot], name != [dot, dot] { names.append(name + [0]) }
        }
        return names
    }

    // MARK: Files

    private func copyFile(
        _ name: Name,
        from source: Int32,
        to target: Int32,
        _ status: stat,
        at path: String,
        _ state: inout State,
    ) throws {
        let from = try open(name, in: source, O_RDONLY, at: path)
        defer { close(from) }
        if let pool = state.pool, status.st_size >= Self.earlySize,
            renameat(pool, earlyName(status), target, name) == 0
        {
            let into = try open(name, in: target, O_WRONLY, at: path)
            defer { close(into) }
            // Of what is reserved and not written there is no copy.
            var copied = stat()
            guard fstat(into, &copied) == 0 else { throw failure("examine a copy of", path) }
            state.sizes.bytes += Int64(copied.st_blocks) * 512
            return try finish(into, from: from, status, at: path)
        }
        let into = openat(target, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard into >= 0 else { throw failure("make a copy of", path) }
        defer { close(into) }
        if state.shares, status.st_size > 0 {
            if ioctl(into, cloneFile, from) == 0 {
                state.sizes.bytes += Int64(status.st_blocks) * 512
                state.sizes.shared += Int64(status.st_blocks) * 512
                return try finish(into, from: from, status, at: path)
            }
            // A single file may be one that cannot be shared; a file system that shares none says so in these words.
            if [EOPNOTSUPP, ENOTTY, EXDEV, ENOSYS].contains(errno) { state.shares = false }
        }
        try copyData(from, to: into, size: off_t(status.st_size), at: path, &state)
        try finish(into, from: from, status, at: path)
    }

    func copyData(_ from: Int32, to into: Int32, size: off_t, at path: String, _ state: inout State) throws {
        var offset: off_t = 0
        while offset < size {
            let begin = lseek(from, offset, seekData)
            if begin < 0 {
                // Nothing but a hole is left.
                if errno == ENXIO { break }
                throw failure("read", path)
            }
            let end = lseek(from, begin, seekHole)
            guard end >= 0 else { throw failure("read", path) }
            try copyExtent(from, to: into, begin..<max(min(end, size), begin), at: path, &state)
            offset = end
        }
        guard ftruncate(into, size) == 0 else { throw failure("write a copy of", path) }
    }

    private func copyExtent(
        _ from: Int32,
        to into: Int32,
        _ extent: Range<off_t>,
        at path: String,
        _ state: inout State,
    ) throws {
        var offset = extent.lowerBound
        while offset < extent.upperBound {
            if isCancelled() { throw CancellationError() }
            let wanted = min(state.buffer.count, Int(extent.upperBound - offset))
            let count = pread(from, &state.buffer, wanted, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            // It has become shorter meanwhile.
            if count == 0 { return }
            var written = 0
            while written < count {
                let rest = state.buffer[written..<count].withUnsafeBytes { bytes in
                    pwrite(into, bytes.baseAddress, bytes.count, offset + off_t(written))
                }
                if rest < 0, errno == EINTR { continue }
                guard rest > 0 else { throw failure("write a copy of", path) }
                written += rest
            }
            offset += off_t(count)
            state.sizes.bytes += Int64(count)
        }
    }

    private func copyLink(_ name: Name, from source: Int32, to target: Int32, _ status: stat, at path: String) throws {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlinkat(source, name, &buffer, Int(PATH_MAX))
        guard count >= 0 else { throw failure("read", path) }
        guard symlinkat(Array(buffer[..<count]) + [0], target, name) == 0 else { throw failure("make a copy of", path) }
        try finishByName(name, from: source, to: target, status, at: path)
    }

    /// Devices, of which an overlay makes some for what was removed, pipes and sockets.
    private func copySpecial(_ name: Name, from source: Int32, to target: Int32, _ status: stat, at path: String) throws
    {
        guard mknodat(target, name, status.st_mode, status.st_rdev) == 0 else { throw failure("make a copy of", path) }
        guard fchmodat(target, name, status.st_mode & 0o7777, 0) == 0 else { throw failure("set the mode of", path) }
        try finishByName(name, from: source, to: target, status, at: path)
    }

    // MARK: What files are beside their content

    /// Gives an open file or directory owner, mode, attributes and times of another.
    private func finish(_ into: Int32, from: Int32, _ status: stat, at path: String) throws {
        guard fchown(into, status.st_uid, status.st_gid) == 0 else { throw failure("set the owner of", path) }
        // After the owner: a change of it takes set-user-ID and capabilities away.
        guard fchmod(into, status.st_mode & 0o7777) == 0 else { throw failure("set the mode of", path) }
        let list = try attributeList(at: path) { flistxattr(from, $0, $1) }
        for name in list {
            let value = try attribute(at: path) { fgetxattr(from, name, $0, $1) }
            guard fsetxattr(into, name, value, value.count, 0) == 0 else { throw failure("set an attribute of", path) }
        }
        guard futimens(into, [status.st_atim, status.st_mtim]) == 0 else { throw failure("set the times of", path) }
    }

    private func finishByName(_ name: Name, from source: Int32, to target: Int32, _ status: stat, at path: String)
        throws
    {
        guard fchownat(target, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw failure("set the owner of", path)
        }
        // Functions for attributes take no directory; these names lead into the open ones, and no link is followed.
        let old = Array("/proc/self/fd/\(source)/".utf8CString.dropLast()) + name
        let new = Array("/proc/self/fd/\(target)/".utf8CString.dropLast()) + name
        for attribute in try attributeList(at: path, { llistxattr(old, $0, $1) }) {
            let value = try self.attribute(at: path) { lgetxattr(old, attribute, $0, $1) }
            guard lsetxattr(new, attribute, value, value.count, 0) == 0 else {
                throw failure("set an attribute of", path)
            }
        }
        guard utimensat(target, name, [status.st_atim, status.st_mtim], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw failure("set the times of", path)
        }
    }

    /// Names of attributes, each with its NUL; none where the file system has none.
    private func attributeList(
        at path: String,
        _ list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
    ) throws -> [Name] {
        let size = list(nil, 0)
        if size < 0 {
            if errno == EOPNOTSUPP || errno == EPERM { return [] }
            throw failure("read the attributes of", path)
        }
        guard size > 0 else { return [] }
        var buffer = [CChar](repeating: 0, count: size + 256)
        let count = list(&buffer, buffer.count)
        guard count >= 0 else { throw failure("read the attributes of", path) }
        return buffer[..<count].split(separator: 0).map { Array($0) + [0] }
    }

    private func attribute(
        at path: String,
        _ read: (UnsafeMutableRawPointer?, Int) -> Int,
    ) throws -> [UInt8] {
        let size = read(nil, 0)
        guard size >= 0 else { throw failure("read an attribute of", path) }
        guard size > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: size)
        let count = buffer.withUnsafeMutableBytes { read($0.baseAddress, $0.count) }
        guard count >= 0 else { throw failure("read an attribute of", path) }
        return Array(buffer[..<count])
    }

    // MARK: Calls

    func open(_ path: String) throws -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    func open(_ name: Name, in directory: Int32, _ flags: Int32, at path: String) throws -> Int32 {
        let descriptor = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    func text(_ name: Name) -> String {
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func failure(_ action: String, _ path: String) -> ProviderError {
        ProviderError(.failed, "cannot \(action) \(path)", cause: String(cString: strerror(errno)))
    }
}
