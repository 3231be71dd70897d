import Basics

extension CIDRv4 {
    /// The network of a cluster whose file names none: 10.(64 + h mod 64).(h / 64 mod 256).0/24, where h is the FNV-1a
    /// hash (64 bits) of the cluster's name. The same name gives the same network everywhere and always.
    package static func derived(fromCluster name: String) -> CIDRv4 {
        let hash = FNV1a.hash(name.utf8)
        let second = UInt32(64 + hash % 64)
        let third = UInt32(hash / 64 % 256)
        return CIDRv4(around: IPv4Address(number: 10 << 24 | second << 16 | third << 8), prefix: 24)
    }

    /// The addresses after the network's own that no node gets: the host's, and some that users may give by hand.
    package static let reservedAddresses = 9

    /// Number of nodes that fit: all addresses but the network's own, the reserved ones and the broadcast address.
    package var nodeCapacity: Int { Self.nodeCapacity(ofPrefix: prefix) }

    /// The longest prefix whose network has room for `nodes`.
    package static func prefix(forNodes nodes: Int) -> Int {
        (8...28).last { nodeCapacity(ofPrefix: $0) >= nodes } ?? 8
    }

    private static func nodeCapacity(ofPrefix prefix: Int) -> Int {
        max(0, 1 << (32 - prefix) - 2 - reservedAddresses)
    }
}
