import Basics
import Planning
import SecureShell

/// What the keys of one cluster are derived from: with it, the cluster's nodes have the host keys, and its CA the
/// certificates, that they had, on whatever host it is made anew.
package struct ClusterIdentity: Sendable, Hashable, Codable {
    /// The seed of one key.
    package struct Seed: Sendable, Hashable, Codable {
        /// Words that the host's secret was asked with.
        package var purpose: [String]
        /// Base64 of 32 bytes.
        package var seed: String
    }

    /// Seeds, in a fixed order.
    package var seeds: [Seed]

    /// - Parameters:
    ///   - generation: of the certificates; nil for a cluster without.
    ///   - secret: of the host that the cluster is on.
    init(of cluster: String, nodes: [String], generation: Int?, secret: HostSecret) {
        var purposes = nodes.sorted().map { ["host", cluster, $0] } + [["cluster", cluster]]
        if let generation {
            purposes += CertificateGeneration.trusted(by: generation).map { ["certificates", cluster, "\($0)"] }
        }
        seeds = purposes.map { Seed(purpose: $0, seed: Base64.encode(secret.seed($0))) }
    }
}
