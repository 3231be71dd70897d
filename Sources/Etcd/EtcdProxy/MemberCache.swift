import Basics
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
        do {
            // What it holds is found out again where it is lost.
            try AtomicFile.write(ProxyMember.cacheText(members), to: path, isDurable: false)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func makeDirectories() {
        for (index, character) in path.enumerated() where character == "/" && index > 0 {
            mkdir(String(path.prefix(index)), 0o755)
        }
    }
}
