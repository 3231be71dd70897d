import Basics
import FileErrors
import FoundationEssentials
import Glibc
import Planning
import Provisioning

/// A node's own files on another root than before.
///
/// They stay as they are, with two exceptions. What belongs to the root under it, which is what the node's package
/// manager installed, is put aside with that root, and comes back with it: on another one it would hide newer programs
/// behind older ones. And files of accounts that the node changed get the accounts that only the other root has.
extension NodeStorage {
    /// Directory, below a node's, of what belongs to roots that it does not run now.
    private static let aside = "roots"

    /// What belongs to the root under it, below `upper`; of `usr` everything but `usr/local`.
    private static let bound = ["var/lib/dpkg", "etc/ld.so.cache"]

    private static let accountFiles = ["passwd", "group", "shadow", "gshadow"]

    /// Throws where a node cannot run on another root: where users of the node would own what is another's there.
    func checkRoot(of node: NodePlan, image: NodeImagePaths) throws {
        guard let present = try content(of: NodeReference(node)), present.record.baseDigest == node.baseDigest,
            present.record.image.root != node.image.root
        else { return }
        for file in ["passwd", "group"] {
            let own = try accounts(file, of: NodeReference(node), on: present, image)
            let new = Accounts(try text(at: "\(image.root)/etc/\(file)") ?? "")
            guard let problem = own.conflict(with: new) else { continue }
            throw ProviderError(
                .conflict,
                "\(node.domainName) cannot run on root \(node.image.root.prefix(12)): in its /etc/\(file) \(problem)"
            )
        }
    }

    /// A node's accounts as they are now: its own file, or that of the root that it runs.
    private func accounts(
        _ file: String,
        of node: NodeReference,
        on present: Content,
        _ image: NodeImagePaths,
    ) throws -> Accounts {
        let upper = "\(directory(of: node))/upper"
        if try isOwn("etc/\(file)", in: upper, kind: S_IFREG), let own = try text(at: "\(upper)/etc/\(file)") {
            return Accounts(own)
        }
        // Roots lie beside each other.
        let roots = image.root.split(separator: "/").dropLast().joined(separator: "/")
        return Accounts(try text(at: "/\(roots)/\(present.record.image.root)/etc/\(file)") ?? "")
    }

    /// Prepares a node's files, which is off, for another root. Done in part, it may be done again.
    func changeRoot(of node: NodePlan, from old: String, image: NodeImagePaths) throws {
        let directory = directory(of: NodeReference(node))
        let upper = "\(directory)/upper"
        for path in try programs(in: upper) + Self.bound where try isOwn(path, in: upper) {
            try move("\(upper)/\(path)", to: "\(directory)/\(Self.aside)/\(old)/\(path)")
        }
        let kept = "\(directory)/\(Self.aside)/\(node.image.root)"
        for path in try programs(in: kept) + Self.bound where try isOwn(path, in: kept) {
            try move("\(kept)/\(path)", to: "\(upper)/\(path)")
        }
        for file in Self.accountFiles where try isOwn("etc/\(file)", in: upper, kind: S_IFREG) {
            try complete("\(upper)/etc/\(file)", from: "\(image.root)/etc/\(file)")
        }
    }

    private func programs(in directory: String) throws -> [String] {
        guard try isOwn("usr", in: directory, kind: S_IFDIR) else { return [] }
        return try names(in: "\(directory)/usr").filter { $0 != "local" }.map { "usr/\($0)" }
    }

    /// Returns whether there is something at a path of a node's, by directories alone: a link that the node made could
    /// lead to the host's own files.
    private func isOwn(_ path: String, in directory: String, kind: mode_t? = nil) throws -> Bool {
        var reached = directory
        let names = path.split(separator: "/")
        for (index, name) in names.enumerated() {
            reached += "/\(name)"
            var status = stat()
            guard lstat(reached, &status) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return false }
                throw ProviderError(.failed, "cannot examine \(reached)", cause: String(cString: strerror(errno)))
            }
            let wanted = index < names.count - 1 ? S_IFDIR : kind
            if let wanted, status.st_mode & S_IFMT != wanted { return false }
        }
        return true
    }

    /// Adds the accounts to a node's own file that only its root's has.
    private func complete(_ file: String, from root: String) throws {
        guard let own = try text(at: file), let new = try text(at: root) else { return }
        let added = Accounts(own).missing(of: Accounts(new))
        guard !added.isEmpty else { return }
        let text = own + (own.isEmpty || own.hasSuffix("\n") ? "" : "\n") + added.map { "\($0)\n" }.joined()
        do {
            try AtomicFile.rewrite(text, at: file)
        } catch {
            throw ProviderError(.failed, "cannot write \(file)", cause: "\(error)")
        }
    }

    private func text(at path: String) throws -> String? {
        try contents(of: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Moves a file or a directory within a node's own, over one that is there.
    private func move(_ source: String, to target: String) throws {
        do {
            let parent = target.split(separator: "/").dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: "/\(parent)", withIntermediateDirectories: true)
            if try isThere(target) { try FileManager.default.removeItem(atPath: target) }
        } catch {
            throw ProviderError(.failed, "cannot make room at \(target)", cause: error.plainReason)
        }
        guard rename(source, target) == 0 else {
            throw ProviderError(.failed, "cannot move \(source) to \(target)", cause: String(cString: strerror(errno)))
        }
    }
}

/// Lines of `/etc/passwd` and its like, each of which begins with a name.
struct Accounts: Sendable {
    private struct Account {
        var name: Substring
        /// Number of the user or group; nil in files that have none.
        var number: Int?
        var line: Substring
    }

    private let accounts: [Account]

    /// Reads a file's text.
    init(_ text: String) {
        accounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 1, !fields[0].isEmpty else { return nil }
            return Account(name: fields[0], number: fields.count > 2 ? Int(fields[2]) : nil, line: line)
        }
    }

    /// Lines of another file about names that this one lacks.
    func missing(of other: Accounts) -> [String] {
        let known = Set(accounts.map(\.name))
        return other.accounts.filter { !known.contains($0.name) }.map { String($0.line) }
    }

    /// Returns what is wrong with taking another file's accounts beside these: a name with two numbers, or a number with
    /// two names.
    func conflict(with other: Accounts) -> String? {
        let numbers = Dictionary(accounts.map { ($0.name, $0.number) }) { first, _ in first }
        let names = Dictionary(accounts.compactMap { account in account.number.map { ($0, account.name) } }) {
            first,
            _ in
            first
        }
        for account in other.accounts {
            guard let number = account.number else { continue }
            if let known = numbers[account.name] {
                guard known != number else { continue }
                return "'\(account.name)' has number \(known.map { "\($0)" } ?? "none"), and there \(number)"
            }
            if let owner = names[number] { return "number \(number) is '\(owner)', and there '\(account.name)'" }
        }
        return nil
    }
}
