import Basics

/// A user's authorized keys, kept by name in `authorized_keys.d`; `authorized_keys` is made of all of them.
struct AuthorizedKeys {
    let files: NodeFiles
    let account: Accounts.Account

    private var directory: String { "\(account.home)/.ssh" }
    private var parts: String { "\(directory)/authorized_keys.d" }
    private var whole: String { "\(directory)/authorized_keys" }

    /// Names the keys of an `authorized_keys` that a config writes as a file.
    static let writtenName = "write_files"

    /// True when the file is made of parts already.
    var hasParts: Bool { files.isDirectory(directory) && files.isDirectory(parts) }

    private static let heading =
        "# Made by coreos-cloudinit from authorized_keys.d; changes here are lost.\n"

    /// Sets the keys that `name` stands for; returns whether anything changed.
    func set(_ keys: [String], name: String) throws(NodeSetupError) -> Bool {
        let keepsOld = !files.exists(parts)
        try files.makeDirectory(account.home, owner: account.id, mode: 0o755)
        for path in [directory, parts] {
            try files.makeDirectory(path, owner: account.id, mode: 0o700)
            // The directory is the user's: what it names is not followed with root's rights.
            guard files.isDirectory(path) else {
                throw NodeSetupError(.file, "\(path) is not a directory")
            }
        }
        if keepsOld, let old = try files.readText(whole), !old.hasPrefix(Self.heading) {
            try write(old, to: "\(parts)/old_authorized_keys")
        }
        let lines = keys.map { $0.trimmed + "\n" }.joined()
        try write(lines, to: "\(parts)/\(name)")
        return try writeWhole()
    }

    /// Forgets the keys that `name` stands for; returns whether there were any.
    func remove(name: String) throws(NodeSetupError) -> Bool {
        guard files.isDirectory(directory), files.isDirectory(parts),
            try files.remove("\(parts)/\(name)")
        else {
            return false
        }
        try writeWhole()
        return true
    }

    /// Makes `authorized_keys` of all parts.
    @discardableResult
    private func writeWhole() throws(NodeSetupError) -> Bool {
        var text = Self.heading
        for part in files.names(in: parts) {
            let content = try files.readText("\(parts)/\(part)") ?? ""
            text += content.isEmpty || content.hasSuffix("\n") ? content : content + "\n"
        }
        return try write(text, to: whole)
    }

    @discardableResult
    private func write(_ text: String, to path: String) throws(NodeSetupError) -> Bool {
        try files.write(path, Array(text.utf8), owner: account.id, mode: 0o600)
    }
}
