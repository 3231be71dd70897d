/// A program of the project's that runs in nodes.
package enum NodeProgramName: String, Sendable, CaseIterable {
    /// fleetd, fleetctl, coreos-cloudinit, locksmith and flanneld, by links of those names.
    case slipwayNode = "slipway-node"
    case slipwayEtcdProxy = "slipway-etcd-proxy"
    case slipwayNodeInit = "slipway-node-init"

    /// Path on a node, without the leading slash.
    package var pathInLayer: String { "usr/lib/slipway/\(rawValue)" }
}

/// A node program as it lies on the host, checked to run in a node.
package struct NodeProgram: Sendable, Hashable {
    /// Name of the program.
    package var name: NodeProgramName
    /// Path on the host.
    package var path: String
    /// SHA-256 of its bytes.
    package var digest: String
}
