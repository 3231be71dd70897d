import Basics

/// Networks no cluster can have.
struct ReservedNetwork {
    var network: CIDRv4
    var use: String

    static func first(overlapping cidr: CIDRv4) -> ReservedNetwork? {
        all.first { $0.network.overlaps(cidr) }
    }

    private static let all: [ReservedNetwork] = [
        ("0.0.0.0/8", "which means \"this network\""),
        ("127.0.0.0/8", "every machine's loopback"),
        ("169.254.0.0/16", "the link-local addresses"),
        ("172.17.0.0/16", "Docker's own bridge on every node"),
        ("224.0.0.0/3", "which is for multicast and reserved"),
    ].compactMap { text, use in CIDRv4(text).map { ReservedNetwork(network: $0, use: use) } }
}

extension CIDRv4 {
    /// True when all of it is free for anyone's own use (RFC 1918, RFC 6598, RFC 2544, RFC 5737).
    var isPrivate: Bool {
        let ranges = [
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "192.0.2.0/24",
            "198.51.100.0/24", "203.0.113.0/24",
        ]
        return ranges.compactMap { CIDRv4($0) }.contains { $0.contains(base) && $0.prefix <= prefix }
    }
}
