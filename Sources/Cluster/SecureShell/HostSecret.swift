import Basics
import Crypto
import FileErrors
import FoundationEssentials
import Planning
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// The one secret of this host: 32 random bytes from which every key Slipway uses follows.
///
/// Host keys thus exist before a node's first boot, and no one who merely knows the names of a cluster can compute
/// them.
package struct HostSecret: Sendable {
    private let key: SymmetricKey
    /// Seeds that clusters brought from other hosts, in the place of those that follow from this host's secret.
    private var adopted = AdoptedSeeds()
    /// The directory that holds the secret and Slipway's own key.
    package let directory: FilePath

    /// Reads the secret, or makes it the first time. The directory is for its owner alone.
    package init(directory: FilePath) throws(SSHError) {
        self.directory = directory
        do {
            try Self.makePrivateDirectory(directory)
            key = SymmetricKey(data: try Self.readOrMakeSeed(directory.appending("seed")))
            adopted = try AdoptedSeeds(below: directory)
        } catch {
            throw SSHError(.secret, "Slipway's keys in \(directory) cannot be used", cause: error.plainReason)
        }
    }

    /// A secret that everybody knows, for plans whose keys reach no node.
    package static let published = HostSecret(
        key: SymmetricKey(data: SHA256.hash(data: Array("slipway plan --offline".utf8))),
        directory: "/nonexistent",
    )

    private init(key: SymmetricKey, directory: FilePath) {
        self.key = key
        self.directory = directory
    }

    /// The key by which Slipway logs in to nodes.
    package func ownKey() throws -> SSHKeyPair { try pair(["login"], comment: "slipway") }

    /// The host key of a node.
    package func hostKey(cluster: String, node: String) throws -> SSHKeyPair {
        try pair(["host", cluster, node], comment: "root@\(node)")
    }

    /// The key by which `core` logs in from one node of a cluster to another.
    package func clusterKey(cluster: String) throws -> SSHKeyPair {
        try pair(["cluster", cluster], comment: "core@\(cluster)")
    }

    /// The file with Slipway's own private key, written where it is missing or differs.
    package func ownKeyFile() throws -> FilePath {
        let file = directory.appending("id_ed25519")
        let pair = try ownKey()
        if (try? String(contentsOfFile: file.string, encoding: .utf8)) != pair.privateKey {
            try AtomicFile.write(pair.privateKey, to: file.string, mode: 0o600)
            try AtomicFile.write(pair.publicKey + "\n", to: directory.appending("id_ed25519.pub").string, mode: 0o600)
        }
        return file
    }

    private func pair(_ purpose: [String], comment: String) throws -> SSHKeyPair {
        try OpenSSHKey.ed25519(seed: seed(purpose), comment: comment)
    }

    /// 32 bytes for one purpose; those of another say nothing of them.
    package func seed(_ purpose: [String]) -> [UInt8] {
        if let seed = adopted.seeds[purpose] { return seed }
        return derived(purpose)
    }

    private func derived(_ purpose: [String]) -> [UInt8] {
        let message = Array(purpose.joined(separator: "\u{0}").utf8)
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
    }

    // MARK: Clusters of other hosts

    /// This secret with seeds that a cluster had on another host; those that this host derives as well are left out.
    package func adopting(_ seeds: [(purpose: [String], seed: [UInt8])]) -> HostSecret {
        var secret = self
        secret.adopted.seeds = Dictionary(seeds.filter { $0.seed != derived($0.purpose) }.map { ($0, $1) }) { $1 }
        return secret
    }

    /// True where seeds of another host count.
    package var hasAdopted: Bool { !adopted.seeds.isEmpty }

    /// Keeps the adopted seeds of a cluster on this host.
    package func keepAdopted(of cluster: String) throws { try adopted.keep(cluster, below: directory) }

    /// Removes the adopted seeds of a cluster; that there are none is fine.
    package func forgetAdopted(of cluster: String) throws { try AdoptedSeeds.forget(cluster, below: directory) }

    private static func makePrivateDirectory(_ path: FilePath) throws {
        try FileManager.default.createDirectory(
            atPath: path.string,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700],
        )
    }

    private static func readOrMakeSeed(_ file: FilePath) throws -> [UInt8] {
        if let seed = FileManager.default.contents(atPath: file.string) {
            guard seed.count == 32 else {
                throw SSHError(.secret, "\(file) is \(seed.count) bytes long, not 32; move it away and run again")
            }
            return Array(seed)
        }
        let seed = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        // Linked into place, so that of two first runs at once both take the same secret.
        let draft = file.removingLastComponent().appending(".seed.\(UUID().uuidString)")
        try AtomicFile.write(seed, to: draft.string, mode: 0o600)
        defer { unlink(draft.string) }
        guard link(draft.string, file.string) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
        return FileManager.default.contents(atPath: file.string).map { Array($0) } ?? seed
    }
}
