import Basics
import Glibc

/// A node's own files, on one root or another. The node is off, or its init has not entered its root yet.
///
/// They stay as they are, with two exceptions. What belongs to the root under it, which is what the node's package
/// manager installed, is put aside with that root, and comes back with it: on another one it would hide newer programs
/// behind older ones. And files of accounts that the node changed get the accounts that only the other root has.
package struct OwnFiles: Sendable {
    /// Directory, below a node's, of what belongs to roots that it does not run now.
    private static let aside = "roots"
    /// What belongs to the root under it, below `upper`; of `usr` everything but `usr/local`.
    private static let bound = ["var/lib/dpkg", "etc/ld.so.cache"]
    private static let accountFiles = ["passwd", "group", "shadow", "gshadow"]

    /// The node's directory, with `upper` in it.
    let directory: String

    /// The files below a node's directory.
    package init(of directory: String) { self.directory = directory }

    private var upper: String { "\(directory)/upper" }

    // MARK: Accounts

    /// Returns what keeps the node from a root: that users of the node would own what is another's there.
    ///
    /// - Parameters:
    ///   - new: path of the root.
    ///   - present: path of the root that it has now.
    package func conflict(with new: String, on present: String) throws(SystemFailure) -> String? {
        for file in ["passwd", "group"] {
            let isOwn = try self.isOwn("etc/\(file)", in: upper, kind: S_IFREG)
            let own = AccountFile(try text(at: isOwn ? "\(upper)/etc/\(file)" : "\(present)/etc/\(file)") ?? "")
            let other = AccountFile(try text(at: "\(new)/etc/\(file)") ?? "")
            if let problem = own.conflict(with: other) { return "in its /etc/\(file) \(problem)" }
        }
        return nil
    }

    /// Adds the accounts to a node's own file that only its root's has.
    private func complete(_ file: String, from root: String) throws(SystemFailure) {
        guard let own = try text(at: file), let new = try text(at: root) else { return }
        let added = AccountFile(own).missing(of: AccountFile(new))
        guard !added.isEmpty else { return }
        let text = own + (own.isEmpty || own.hasSuffix("\n") ? "" : "\n") + added.map { "\($0)\n" }.joined()
        try AtomicFile.rewrite(text, at: file)
    }

    // MARK: Change of root

    /// Makes the files ready for a root. Ended in between, it goes on where it was, for whatever root is next.
    ///
    /// - Parameters:
    ///   - root: path of the root, whose last part is its digest.
    ///   - record: says which root the files belong to now.
    ///   - save: writes the record.
    package func change(
        to root: String,
        _ record: inout BootRecord,
        save: (BootRecord) throws(SystemFailure) -> Void,
    ) throws(SystemFailure) {
        let digest = String(root.split(separator: "/").last ?? "")
        if let old = record.filesRoot, old != digest, old != BootRecord.between {
            for path in try programs(in: upper) + Self.bound where try isOwn(path, in: upper) {
                try move("\(upper)/\(path)", to: "\(directory)/\(Self.aside)/\(old)/\(path)")
            }
            record.filesRoot = BootRecord.between
            try save(record)
        }
        // Those of this root may be aside where a change to another did not come to its end.
        let kept = "\(directory)/\(Self.aside)/\(digest)"
        for path in try programs(in: kept) + Self.bound where try isOwn(path, in: kept) {
            try move("\(kept)/\(path)", to: "\(upper)/\(path)")
        }
        guard record.filesRoot != digest else { return }
        for file in Self.accountFiles where try isOwn("etc/\(file)", in: upper, kind: S_IFREG) {
            try complete("\(upper)/etc/\(file)", from: "\(root)/etc/\(file)")
        }
        record.filesRoot = digest
        try save(record)
    }

    private func programs(in directory: String) throws(SystemFailure) -> [String] {
        guard try isOwn("usr", in: directory, kind: S_IFDIR) else { return [] }
        return try Self.names(in: "\(directory)/usr").filter { $0 != "local" }.sorted().map { "usr/\($0)" }
    }

    // MARK: Files

    /// Returns whether there is something at a path of a node's, by directories alone: a link that the node made could
    /// lead to the host's own files.
    private func isOwn(_ path: String, in directory: String, kind: mode_t? = nil) throws(SystemFailure) -> Bool {
        var reached = directory
        let names = path.split(separator: "/")
        for (index, name) in names.enumerated() {
            reached += "/\(name)"
            guard let found = try Self.kind(of: reached) else { return false }
            let wanted = index < names.count - 1 ? S_IFDIR : kind
            if let wanted, found != wanted { return false }
        }
        return true
    }

    /// Type of what is at a path, which is not followed; nil where nothing is there.
    private static func kind(of path: String) throws(SystemFailure) -> mode_t? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SystemFailure("examine \(path)")
        }
        return status.st_mode & S_IFMT
    }

    private static func names(in directory: String) throws(SystemFailure) -> [String] {
        guard let stream = opendir(directory) else { throw SystemFailure("list \(directory)") }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SystemFailure("list \(directory)") }
        return names
    }

    /// Moves a file or a directory within a node's own, over one that is there.
    private func move(_ source: String, to target: String) throws(SystemFailure) {
        var parent = ""
        for name in target.split(separator: "/").dropLast() {
            parent += "/\(name)"
            guard mkdir(parent, 0o755) == 0 || errno == EEXIST else { throw SystemFailure("make \(parent)") }
        }
        try Self.removeTree(target)
        guard rename(source, target) == 0 else { throw SystemFailure("move \(source) to \(target)") }
    }

    private static func removeTree(_ path: String) throws(SystemFailure) {
        guard let kind = try kind(of: path) else { return }
        guard kind == S_IFDIR else {
            guard unlink(path) == 0 else { throw SystemFailure("remove \(path)") }
            return
        }
        for name in try names(in: path) { try removeTree("\(path)/\(name)") }
        guard rmdir(path) == 0 else { throw SystemFailure("remove \(path)") }
    }

    private func text(at path: String) throws(SystemFailure) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SystemFailure("open \(path)")
        }
        defer { close(descriptor) }
        return String(decoding: try WholeFile.bytes(of: descriptor, name: path), as: UTF8.self)
    }
}
