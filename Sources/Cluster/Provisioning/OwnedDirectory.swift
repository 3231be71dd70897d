import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A directory of Slipway's whose content it may remove: the only way in which it deletes what it has named itself.
///
/// Nothing outside is reached, whatever the names: each is one component of a path, a symbolic link is removed and
/// never followed, and what lies on another file system that is mounted below is left alone. The directory's own path
/// is taken as it is, since `clusters` may be a link to another disk.
package struct OwnedDirectory: Sendable, Hashable {
    /// The directory's path.
    package let path: String

    /// - Parameter path: of a directory that is Slipway's, there or not.
    package init(_ path: String) {
        self.path = path
    }

    /// Reason why something was not removed.
    package struct RemovalError: Error, Sendable, Hashable, CustomStringConvertible {
        /// Path that was not removed.
        package var path: String
        /// The system's reason, or this type's.
        package var reason: String

        package var description: String { "cannot remove \(path): \(reason)" }
    }

    /// Removes a file, a link or a whole directory; what is not there is fine.
    ///
    /// - Parameter names: of the directories that lead to it, and its own.
    /// - Throws: ``RemovalError`` for a name that is not one component of a path, for a link among the directories that
    ///   lead to it, for a mounted file system below it, and when the system refuses.
    package func remove(_ names: [String]) throws(RemovalError) {
        let target = ([path] + names).joined(separator: "/")
        guard let name = names.last, names.allSatisfy(Self.isComponent) else {
            throw RemovalError(path: target, reason: "this is not a name in \(path)")
        }
        guard var parent = try Self.open(path, in: AT_FDCWD, flags: O_DIRECTORY, at: path) else { return }
        defer { close(parent) }
        var reached = path
        for name in names.dropLast() {
            reached += "/\(name)"
            guard let next = try Self.descend(into: Array(name.utf8CString), of: parent, at: reached) else { return }
            close(parent)
            parent = next
        }
        try Self.refuseMounts(below: name, of: parent, at: target)
        try Self.removeTree(Array(name.utf8CString), of: parent, at: target)
    }

    /// Returns whether a text names something in a directory: not the directory itself, nor its parent, nor a longer
    /// path.
    package static func isComponent(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 }
    }

    // MARK: The tree

    /// A file's name as the system has it, which need not be UTF-8, with its NUL.
    private typealias Name = [CChar]

    /// Removes what is in it until it is empty: the last processes of a node may still write meanwhile.
    private static func removeTree(_ name: Name, of parent: Int32, at path: String) throws(RemovalError) {
        for _ in 0..<4 {
            if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
            guard errno == EISDIR else { throw failure(path, errno) }
            guard let directory = try descend(into: name, of: parent, at: path) else { return }
            defer { close(directory) }
            for child in try names(in: directory, at: path) {
                let shown = String(decoding: child.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                try removeTree(child, of: directory, at: "\(path)/\(shown)")
            }
            if unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return }
            guard errno == ENOTEMPTY || errno == EEXIST else { throw failure(path, errno) }
        }
        throw RemovalError(path: path, reason: "it is being written to")
    }

    /// Opens a directory in another; nil when there is none of that name.
    private static func descend(into name: Name, of parent: Int32, at path: String) throws(RemovalError) -> Int32? {
        try open(name, in: parent, flags: O_DIRECTORY | O_NOFOLLOW, at: path)
    }

    private static func open(
        _ name: UnsafePointer<CChar>,
        in parent: Int32,
        flags: Int32,
        at path: String,
    ) throws(RemovalError) -> Int32? {
        let descriptor = openat(parent, name, O_RDONLY | O_CLOEXEC | flags)
        if descriptor >= 0 { return descriptor }
        switch errno {
        case ENOENT: return nil
        case ENOTDIR, ELOOP:
            throw RemovalError(path: path, reason: "it is not a directory, and a link is not followed")
        default: throw failure(path, errno)
        }
    }

    private static func names(in directory: Int32, at path: String) throws(RemovalError) -> [Name] {
        // The stream closes the descriptor that it is given.
        guard let own = try open(".", in: directory, flags: O_DIRECTORY, at: path), let stream = fdopendir(own) else {
            throw failure(path, errno)
        }
        defer { closedir(stream) }
        var names: [Name] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            if name != Self.itself, name != Self.itself + Self.itself { names.append(name + [0]) }
        }
        return names
    }

    private static let itself = [CChar(bitPattern: UInt8(ascii: "."))]

    // MARK: Mounts

    /// Throws where something is mounted below a name: it is someone else's, or a running node's.
    private static func refuseMounts(below name: String, of parent: Int32, at path: String) throws(RemovalError) {
        guard let own = realPath(of: parent) else { throw failure(path, errno) }
        let target = own == "/" ? "/\(name)" : "\(own)/\(name)"
        guard let mounted = mountPoints().first(where: { $0 == target || $0.hasPrefix(target + "/") }) else { return }
        throw RemovalError(path: path, reason: "a file system is mounted at \(mounted); unmount it first")
    }

    private static func realPath(of directory: Int32) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/fd/\(directory)", &buffer, Int(PATH_MAX))
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Returns the mount points in this process's name space; see proc_pid_mountinfo(5).
    private static func mountPoints() -> [String] {
        guard let file = fopen("/proc/self/mountinfo", "re") else { return [] }
        defer { fclose(file) }
        var points: [String] = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let line {
            let fields = String(cString: line).split(separator: " ")
            if fields.count > 4 { points.append(unescaped(fields[4])) }
        }
        return points
    }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func failure(_ path: String, _ code: Int32) -> RemovalError {
        RemovalError(path: path, reason: Errno(rawValue: code).description)
    }
}
