import Certificates
import Diagnostics
import TopologyModel

/// The keys and certificates that are one node's own.
struct NodeSecrets: Sendable {
    var hostKey = SSHKeyPair(privateKey: "", publicKey: "")
    /// The CA certificates that the node accepts, as one file's text.
    var authorities = ""
    var certificates: [NodeCertificate.Purpose: KeyedCertificate] = [:]

    init() {}

    private init(of node: PlacedNode, purposes: [NodeCertificate.Purpose], inputs: PlannerInputs) throws {
        hostKey = try inputs.hostKey(node.name)
        guard !purposes.isEmpty else { return }
        let generation = inputs.certificates.generation
        authorities = try inputs.certificates.authorities(generation)
        for purpose in purposes {
            certificates[purpose] = try inputs.certificates.issue(
                NodeCertificate(node: node.name, address: node.address, purpose: purpose, generation: generation)
            )
        }
    }

    /// Those of all nodes whose cloud-config is rendered, by their names.
    ///
    /// - Throws: when a key or a certificate cannot be made.
    static func all(
        _ nodes: [PlacedNode],
        topology: Topology,
        inputs: PlannerInputs,
    ) throws(DiagnosticsError) -> [String: NodeSecrets] {
        let rendered = nodes.compactMap { node -> (PlacedNode, [NodeCertificate.Purpose])? in
            let configuration = NodeConfiguration(topology: topology, inputs: inputs, node: node)
            return configuration.isRendered || configuration.isIgnited ? (node, configuration.certificatePurposes) : nil
        }
        let made = rendered.mapInParallel { node, purposes in
            Result { try NodeSecrets(of: node, purposes: purposes, inputs: inputs) }
        }
        var secrets: [String: NodeSecrets] = [:]
        for ((node, _), result) in zip(rendered, made) {
            do {
                secrets[node.name] = try result.get()
            } catch {
                throw DiagnosticsError([.error("the keys of node '\(node.name)' cannot be made: \(error)")])
            }
        }
        return secrets
    }
}
