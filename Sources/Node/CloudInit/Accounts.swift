/// Users and groups as the machine's own files have them; no name service is asked, so that a root that is not this
/// machine's can be set up as well.
struct Accounts {
    struct Account: Hashable {
        var name: String
        var id: NodeFiles.Owner
        var home: String
    }

    private let files: NodeFiles

    init(_ files: NodeFiles) { self.files = files }

    func user(_ name: String) throws(NodeSetupError) -> Account? {
        try lines("/etc/passwd").first { $0.first == name[...] }.flatMap { fields in
            guard fields.count >= 6, let user = UInt32(fields[2]), let group = UInt32(fields[3]) else {
                return nil
            }
            return Account(name: name, id: .init(user: user, group: group), home: String(fields[5]))
        }
    }

    /// The user whose `authorized_keys` a path is.
    func user(withKeysAt path: String) throws(NodeSetupError) -> Account? {
        let end = "/.ssh/authorized_keys"
        guard path.hasSuffix(end) else { return nil }
        let home = String(path.dropLast(end.count))
        let names = try lines("/etc/passwd").first { $0.count >= 6 && $0[5] == home[...] }
        return try names?.first.flatMap { (name) throws(NodeSetupError) in try user(String(name)) }
    }

    /// The names of all users.
    func users() throws(NodeSetupError) -> Set<String> {
        Set(try lines("/etc/passwd").compactMap { $0.first.map(String.init) })
    }

    /// The users that `/etc/group` lists as a group's; none where there is no such group.
    func members(of group: String) throws(NodeSetupError) -> Set<String> {
        let fields = try lines("/etc/group").first { $0.first == group[...] && $0.count > 3 }
        return Set(fields?[3].split(separator: ",").map(String.init) ?? [])
    }

    func hasGroup(_ name: String) throws(NodeSetupError) -> Bool { try group(name) != nil }

    /// The password's hash.
    func password(of name: String) throws(NodeSetupError) -> String? {
        try lines("/etc/shadow").first { $0.first == name[...] && $0.count > 1 }.map { String($0[1]) }
    }

    /// `user`, `user:group`, `:group`; names or numbers, as chown takes them.
    func owner(_ text: String) throws(NodeSetupError) -> NodeFiles.Owner {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        var owner = NodeFiles.Owner.root
        if !parts[0].isEmpty {
            if let account = try user(parts[0]) {
                owner = NodeFiles.Owner(
                    user: account.id.user,
                    group: parts.count > 1 ? account.id.group : 0
                )
            } else if let number = UInt32(parts[0]) {
                owner.user = number
            } else {
                throw NodeSetupError(.account, "there is no user \"\(parts[0])\" to own a file")
            }
        }
        guard parts.count > 1, !parts[1].isEmpty else { return owner }
        guard let group = try group(parts[1]) ?? UInt32(parts[1]) else {
            throw NodeSetupError(.account, "there is no group \"\(parts[1])\" to own a file")
        }
        owner.group = group
        return owner
    }

    private func group(_ name: String) throws(NodeSetupError) -> UInt32? {
        try lines("/etc/group").first { $0.first == name[...] && $0.count > 2 }.flatMap {
            UInt32($0[2])
        }
    }

    private func lines(_ path: String) throws(NodeSetupError) -> [[Substring]] {
        let text = try files.readText(path) ?? ""
        return text.split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
    }
}
