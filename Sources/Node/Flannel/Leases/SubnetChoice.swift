import Basics

/// The subnet that a node is to have, from what etcd has.
package enum SubnetChoice: Sendable, Hashable {
    /// The node has this one already: it is renewed.
    case keep(StoredLease)
    /// It is to be taken, if it is still free.
    case take(CIDRv4)
    /// Every subnet is given.
    case full

    /// - Parameters:
    ///   - publicIP: address of the node, by which its own leases are known.
    ///   - previous: the subnet that it had, which its containers still have.
    package init(
        _ leases: [StoredLease],
        in config: NetworkConfig,
        for publicIP: IPv4Address,
        previous: CIDRv4?,
    ) {
        let own = leases.filter { $0.attributes?.publicIP == publicIP && config.gives($0.subnet) }
        if let kept = own.first(where: { $0.subnet == previous }) ?? own.first {
            self = .keep(kept)
            return
        }
        let given = Set(leases.map(\.subnet))
        // Those of another length, from a configuration that was changed.
        let others = given.filter { $0.prefix != config.subnetLength }
        func isFree(_ subnet: CIDRv4) -> Bool { !given.contains(subnet) && !others.contains { $0.overlaps(subnet) } }
        if let previous, config.gives(previous), isFree(previous) {
            self = .take(previous)
            return
        }
        // Nodes that begin together begin at different places; one that comes back after its lease has ended finds the
        // same place.
        let count = config.subnetCount
        let start = Int(Self.scattered(publicIP.number) % UInt32(count))
        let free = (0..<count).lazy.map { config.subnet(at: (start + $0) % count) }.first(where: isFree)
        self = free.map { .take($0) } ?? .full
    }

    /// Leases that a node has beside the one that it keeps: of a configuration that was changed, or of a request whose
    /// answer was lost.
    package static func surplus(
        _ leases: [StoredLease],
        of publicIP: IPv4Address,
        beside kept: CIDRv4,
    ) -> [StoredLease] {
        leases.filter { $0.attributes?.publicIP == publicIP && $0.subnet != kept && !$0.isPermanent }
    }

    /// Neighbouring addresses give numbers far apart (Knuth's multiplicative hash).
    private static func scattered(_ number: UInt32) -> UInt32 { (number &* 2_654_435_761) >> 8 }
}
