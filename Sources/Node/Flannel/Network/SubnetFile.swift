import Basics

/// `subnet.env`: what flannel says to Docker and to other programs, as shell variables.
package struct SubnetFile: Sendable, Hashable {
    /// All containers' network.
    package var network: CIDRv4
    /// The node's own subnet.
    package var subnet: CIDRv4
    /// Largest packet of a container, in bytes.
    package var mtu: Int
    /// True when flannel hides containers' addresses from the world outside, so that Docker need not.
    package var masquerades: Bool

    package init(network: CIDRv4, subnet: CIDRv4, mtu: Int, masquerades: Bool) {
        (self.network, self.subnet, self.mtu, self.masquerades) = (network, subnet, mtu, masquerades)
    }

    /// Content of the file. The subnet is written with the address that the bridge is to have.
    package var text: String {
        """
        FLANNEL_NETWORK=\(network)
        FLANNEL_SUBNET=\(subnet.gateway)/\(subnet.prefix)
        FLANNEL_MTU=\(mtu)
        FLANNEL_IPMASQ=\(masquerades)

        """
    }

    /// The subnet that a file of an earlier run names; nil where it names none.
    package static func subnet(in text: String) -> CIDRv4? {
        for line in text.split(separator: "\n") where line.hasPrefix("FLANNEL_SUBNET=") {
            let parts = line.dropFirst("FLANNEL_SUBNET=".count).split(separator: "/")
            guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]) else { return nil }
            return CIDRv4(around: address, prefix: prefix)
        }
        return nil
    }
}
