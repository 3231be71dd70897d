import Basics

/// Another node of the container network, as its lease says.
package struct Peer: Sendable, Hashable {
    /// Its containers' subnet.
    package var subnet: CIDRv4
    /// Address at which it is reached.
    package var publicIP: IPv4Address
    /// Hardware address of its end of the tunnel; nil for back ends without one.
    package var tunnelAddress: String?

    package init(subnet: CIDRv4, publicIP: IPv4Address, tunnelAddress: String? = nil) {
        (self.subnet, self.publicIP, self.tunnelAddress) = (subnet, publicIP, tunnelAddress)
    }

    /// The nodes to which packets can go, by subnet: those of the network, with this node's back end.
    ///
    /// - Parameter publicIP: of this node, which is none of its own peers.
    package static func peers(in leases: [StoredLease], of config: NetworkConfig, beside publicIP: IPv4Address)
        -> [Peer]
    {
        leases.compactMap { lease in
            guard let attributes = lease.attributes, attributes.publicIP != publicIP,
                attributes.backend == config.backend.name, config.network.contains(lease.subnet.base),
                lease.subnet.prefix > config.network.prefix
            else { return nil }
            if case .vxlan = config.backend, attributes.tunnelAddress == nil { return nil }
            return Peer(subnet: lease.subnet, publicIP: attributes.publicIP, tunnelAddress: attributes.tunnelAddress)
        }
    }
}

/// Entries of the kernel's tables that lead to peers, as they are or as they are to be.
package struct ForwardingTables: Sendable, Hashable {
    /// Gateways of subnets.
    package var routes: [CIDRv4: IPv4Address] = [:]
    /// Hardware addresses of the tunnel's far ends, by the address that routes name.
    package var neighbours: [IPv4Address: String] = [:]
    /// Nodes that hardware addresses are on.
    package var forwarding: [String: IPv4Address] = [:]

    package init() {}

    /// Entries for these peers.
    package init(to peers: [Peer], by backend: NetworkConfig.Backend) {
        for peer in peers {
            switch backend {
            case .hostGateway: routes[peer.subnet] = peer.publicIP
            case .vxlan:
                guard let address = peer.tunnelAddress else { continue }
                // A peer's end of the tunnel has the first address of its subnet.
                routes[peer.subnet] = peer.subnet.base
                neighbours[peer.subnet.base] = address
                forwarding[address] = peer.publicIP
            }
        }
    }

    /// Lines for `ip -batch` and `bridge -batch` that make these tables of `present`; none where they are the same.
    ///
    /// What a route needs is there before it, and goes after it.
    package func changes(from present: ForwardingTables, device: String, isTunnel: Bool) -> TableChanges {
        var changes = TableChanges()
        let onlink = isTunnel ? " onlink" : ""
        for (subnet, gateway) in present.routes.sorted(by: { $0.key.base < $1.key.base }) where routes[subnet] == nil {
            changes.removals.append("route del \(subnet) via \(gateway) dev \(device)")
        }
        for address in present.neighbours.keys.sorted() where neighbours[address] == nil {
            changes.removals.append("neigh del \(address) dev \(device)")
        }
        for (address, node) in present.forwarding.sorted(by: { $0.key < $1.key }) where forwarding[address] != node {
            changes.bridge.append("fdb del \(address) dev \(device) dst \(node) self")
        }
        for (address, node) in forwarding.sorted(by: { $0.key < $1.key }) where present.forwarding[address] != node {
            changes.bridge.append("fdb append \(address) dev \(device) dst \(node) self permanent")
        }
        for (address, hardware) in neighbours.sorted(by: { $0.key < $1.key })
        where present.neighbours[address] != hardware {
            changes.additions.append("neigh replace \(address) lladdr \(hardware) dev \(device) nud permanent")
        }
        for (subnet, gateway) in routes.sorted(by: { $0.key.base < $1.key.base })
        where present.routes[subnet] != gateway {
            changes.additions.append("route replace \(subnet) via \(gateway) dev \(device)\(onlink)")
        }
        return changes
    }
}

/// Changes of the kernel's tables, in the order in which they are to be made.
package struct TableChanges: Sendable, Hashable {
    /// For `ip`, first.
    package var removals: [String] = []
    /// For `bridge`, next.
    package var bridge: [String] = []
    /// For `ip`, last.
    package var additions: [String] = []

    package init() {}

    /// True when there is nothing to do.
    package var isEmpty: Bool { removals.isEmpty && bridge.isEmpty && additions.isEmpty }
    /// Number of changes.
    package var count: Int { removals.count + bridge.count + additions.count }
}
