import Glibc

/// The member list on disk, so that a restart finds the cluster while the first peers are away.
struct MemberCache {
    let path: String

    /// Nil when there is none, or none that can be read.
    func load() -> [ProxyMember]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return ProxyMember.list(json: String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Replaces the file as a whole. Called on the event loop: it is some hundred bytes, on a change of members.
    /// - Returns: what failed.
    func save(_ members: [ProxyMember]) -> String? {
        makeDirectories()
        let draft = path + ".new"
        guard let file = fopen(draft, "we") else { return failure("create \(draft)") }
        let bytes = Array(ProxyMember.cacheText(members).utf8)
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { return failure("write \(draft)") }
        return rename(draft, path) == 0 ? nil : failure("rename \(draft)")
    }

    private func makeDirectories() {
        for (index, character) in path.enumerated() where character == "/" && index > 0 {
            mkdir(String(path.prefix(index)), 0o755)
        }
    }

    private func failure(_ what: String) -> String { "\(what): \(String(cString: strerror(errno)))" }
}
