/// A program of the project's that runs in nodes.
package enum NodeProgramName: String, Sendable, CaseIterable {
    case coreosCloudinit = "coreos-cloudinit"
    case fleetctl
    case fleetd
    case locksmithctl
    case slipwayEtcdProxy = "slipway-etcd-proxy"
    case slipwayNodeInit = "slipway-node-init"

    /// Path on a node, without the leading slash.
    package var pathInLayer: String {
        switch self {
        case .coreosCloudinit, .fleetctl, .fleetd, .locksmithctl: "usr/bin/\(rawValue)"
        case .slipwayEtcdProxy, .slipwayNodeInit: "usr/lib/slipway/\(rawValue)"
        }
    }
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
