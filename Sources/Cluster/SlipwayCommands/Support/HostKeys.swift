import Planning
import SecureShell
import Synchronization

/// The host keys of one cluster's nodes, each derived once.
final class HostKeys: Sendable {
    private let secret: HostSecret
    private let cluster: String
    private let derived = Mutex<[String: SSHKeyPair]>([:])

    /// - Throws: when keys cannot be derived at all; after that each can.
    init(secret: HostSecret, cluster: String) throws {
        self.secret = secret
        self.cluster = cluster
        _ = try secret.hostKey(cluster: cluster, node: "")
    }

    func pair(of node: String) -> SSHKeyPair {
        derived.withLock { derived in
            if let pair = derived[node] { return pair }
            // The seed is an HMAC of 32 bytes, and every 32 bytes are an Ed25519 key: the first derivation showed it.
            let pair = (try? secret.hostKey(cluster: cluster, node: node)) ?? SSHKeyPair(privateKey: "", publicKey: "")
            derived[node] = pair
            return pair
        }
    }
}
