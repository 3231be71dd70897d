import Basics
import TopologyModel

/// Gives every node an address of the cluster's network.
///
/// A node that exists keeps its address. Others get the first free one of their role's share of the network, so that a
/// role can grow without another's addresses moving; a role that outgrows its share goes on with whatever is free.
package struct AddressAllocation: Sendable {
    /// Addresses left to the host and to what users put on the network by hand.
    package static let reserved = CIDRv4.reservedAddresses

    private let network: CIDRv4
    private let roles: [String]
    private var taken: Set<IPv4Address>
    /// Position of each role in the network; every address before it is taken.
    private var progress: [String: Int] = [:]

    /// Creates an allocation for roles in a network, some addresses taken.
    package init(network: CIDRv4, roles: [String], taken: some Sequence<IPv4Address>) {
        self.network = network
        self.roles = roles
        self.taken = Set(taken)
    }

    /// Number of nodes that fit into `network`.
    package static func capacity(of network: CIDRv4) -> Int { network.nodeCapacity }

    /// The next address for a node of `role`; nil when the network is full.
    package mutating func next(for role: String) -> IPv4Address? {
        let capacity = Self.capacity(of: network)
        guard capacity > 0 else { return nil }
        let share = roles.firstIndex(of: role) ?? 0
        let start = share * capacity / max(1, roles.count)
        let begin = progress[role, default: 0]
        for step in begin..<capacity {
            let offset = (start + step) % capacity
            let address = IPv4Address(number: network.base.number + UInt32(Self.reserved + 1 + offset))
            guard taken.insert(address).inserted else { continue }
            progress[role] = step + 1
            return address
        }
        return nil
    }
}
