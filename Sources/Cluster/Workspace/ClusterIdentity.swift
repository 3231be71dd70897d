import Basics
import Planning
import SecureShell

/// Seeds of the keys of one cluster. Made anew with them on any host, the cluster's nodes have the host keys that they
/// had, and its CA issues the same certificates.
package struct ClusterIdentity: Sendable, Hashable, Codable {
    /// The seed of one key.
    package struct Seed: Sendable, Hashable, Codable {
        /// Parts of the purpose for which the host's secret gave it.
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
