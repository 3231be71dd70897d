import Basics
import Diagnostics

/// One network for the containers of all nodes, in a topology.
package struct FlannelSettings: Sendable, Hashable {
    /// Way in which packets go from node to node.
    package enum Backend: String, Sendable, Hashable, Codable, CaseIterable {
        /// Within UDP packets between nodes.
        case vxlan
        /// By routes on every node: nodes of a cluster are on one link.
        case hostGateway = "host-gw"
    }

    /// The network that CoreOS's documents have.
    package static let usualNetwork = CIDRv4(around: IPv4Address(number: 10 << 24 | 1 << 16), prefix: 16)
    /// Prefix lengths that a network may have.
    package static let networkPrefixes = 8...28

    /// All containers' network.
    package var network: CIDRv4
    /// Prefix length of a node's subnet.
    package var subnetLength: Int
    /// Way in which packets go from node to node.
    package var backend: Backend
    /// Location of the network in the file, or of the whole.
    package var location: SourceLocation?

    /// - Parameter subnetLength: nil for the usual one of the network.
    package init(
        network: CIDRv4 = usualNetwork,
        subnetLength: Int? = nil,
        backend: Backend = .vxlan,
        location: SourceLocation? = nil,
    ) {
        self.network = network
        self.subnetLength = subnetLength ?? Self.usualSubnetLength(in: network)
        self.backend = backend
        self.location = location
    }

    /// Prefix length of subnets where a file names none, as flannel has it.
    package static func usualSubnetLength(in network: CIDRv4) -> Int { network.prefix <= 22 ? 24 : network.prefix + 2 }

    /// Number of subnets: all but the network's first.
    package var subnetCount: Int { 1 << max(0, subnetLength - network.prefix) - 1 }

    /// The configuration as flannel reads it in etcd. Nothing in it needs to be escaped.
    package var json: String {
        #"{"Network":"\#(network)","SubnetLen":\#(subnetLength),"Backend":{"Type":"\#(backend.rawValue)"}}"#
    }
}

extension Topology {
    /// A network of containers that is taken, someone else's, or too small; and nodes that can have no part in it.
    package func flannelFindings() -> [Diagnostic] {
        guard let flannel else { return [] }
        let (containers, place) = (flannel.network, flannel.location)
        var findings: [Diagnostic] = []
        if containers.overlaps(network.cidr) {
            findings.append(
                .error(
                    "the containers' network \(containers) overlaps with the nodes' network \(network.cidr)",
                    at: place,
                    notes: ["choose another `flannel.network`"],
                )
            )
        } else if let taken = ReservedNetwork.first(overlapping: containers) {
            let note = "take a private network, such as \(FlannelSettings.usualNetwork)"
            let message = "the containers' network \(containers) clashes with \(taken.network), \(taken.use)"
            findings.append(.error(message, at: place, notes: [note]))
        } else if !containers.isPrivate {
            let note = "addresses of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 belong to no one"
            findings.append(.warning("\(containers) is not a private network", at: place, notes: [note]))
        }
        let nodes = roles.filter { $0.hasValidCount && $0.sharesContainerNetwork }.reduce(0) { $0 + $1.count }
        if flannel.subnetCount < nodes {
            findings.append(
                .error(
                    "\(containers) has \(flannel.subnetCount) subnets of length \(flannel.subnetLength), "
                        + "and the roles have \(nodes) nodes",
                    at: place,
                    notes: ["take a wider `flannel.network` or a greater `flannel.subnet_length`"],
                )
            )
        }
        return findings
            + roles.filter { !$0.sharesContainerNetwork }.map { role in
                .warning(
                    "containers of role \"\(role.name)\" have no part in flannel's network: \(role.reasonAgainstFlannel)",
                    at: role.location,
                )
            }
    }
}

extension Role {
    /// True when flannel can run on the role's nodes: they have its program, and an etcd that they may write to.
    package var sharesContainerNetwork: Bool {
        (etcd == .member || etcd == .proxy) && (image.map { $0.kind == .cloudInit } ?? true)
    }

    fileprivate var reasonAgainstFlannel: String {
        switch etcd {
        case .none: "its nodes have no etcd"
        case .readonly: "its nodes may not write to etcd"
        case .member, .proxy: "its image has no flanneld"
        }
    }
}
