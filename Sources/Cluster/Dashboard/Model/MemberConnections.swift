import Basics

/// Connections to a member of etcd, as its node's kernel lists them: who uses the member, of all at once.
/// https://docs.kernel.org/networking/proc_net_tcp.html
package enum MemberConnections {
    /// Port for clients.
    private static let port = 2379

    /// Shell script that prints what ``addresses(_:)`` reads.
    package static let script = "cat /proc/net/tcp /proc/net/tcp6"

    /// Addresses of those who have a connection to the member on this node.
    package static func addresses(_ lines: [String]) -> Set<IPv4Address> {
        var found: Set<IPv4Address> = []
        for line in lines {
            let words = line.split(whereSeparator: \.isWhitespace)
            // Established.
            guard words.count > 3, words[3] == "01", endpoint(words[1])?.port == port,
                let remote = endpoint(words[2])?.address
            else { continue }
            found.insert(remote)
        }
        return found
    }

    /// An IPv4 address, which may be written as one of IPv6, and its port; nil for any other.
    private static func endpoint(_ text: Substring) -> (address: IPv4Address, port: Int)? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1], radix: 16) else { return nil }
        let mapped = "0000000000000000FFFF0000"
        let digits = parts[0].hasPrefix(mapped) ? parts[0].dropFirst(mapped.count) : parts[0]
        // The address is in the order of the processor's bytes, the port is not.
        guard digits.count == 8, let number = UInt32(digits, radix: 16) else { return nil }
        return (IPv4Address(number: number.byteSwapped), port)
    }
}
