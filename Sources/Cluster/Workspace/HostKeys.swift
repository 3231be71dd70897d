import Planning
import SecureShell
import Synchronization

/// The host keys of one cluster's nodes, each derived once.
package final class HostKeys: Sendable {
    private let secret: HostSecret
    private let cluster: String
    private let derived = Mutex<[String: SSHKeyPair]>([:])

    /// Creates the keys of a cluster's nodes; none is derived yet.
    package init(secret: HostSecret, cluster: String) {
        self.secret = secret
        self.cluster = cluster
    }

    /// The host keys of a node.
    package func pair(of node: String) throws -> SSHKeyPair {
        if let pair = derived.withLock({ $0[node] }) { return pair }
        // Not under the lock: a plan asks for those of many nodes at once, by all processors.
        let pair = try secret.hostKey(cluster: cluster, node: node)
        derived.withLock { $0[node] = pair }
        return pair
    }
}
