import Basics
import Crypto
import TopologyModel

/// Names and numbers of a node that follow from its cluster's and its own name, so that nothing is waited for or
/// stored.
package enum Identity {
    /// The libvirt domain's name. A dot joins the parts because neither may hold one: no two nodes share a domain name.
    package static func domainName(cluster: String, node: String) -> String { "\(cluster).\(node)" }

    /// The libvirt network's name.
    package static func networkName(cluster: String) -> String { "slipway.\(cluster)" }

    /// The bridge's name, at most 15 characters (the kernel's limit).
    package static func bridgeName(cluster: String) -> String {
        "slw" + Hex.encode(sha256(["bridge", cluster]).prefix(5))
    }

    /// The domain's UUID: version 5 (RFC 9562, section 5.5) of `cluster.node` in Slipway's own name space.
    package static func uuid(cluster: String, node: String) -> String {
        uuid(of: domainName(cluster: cluster, node: node))
    }

    /// The network's UUID.
    package static func networkUUID(cluster: String) -> String { uuid(of: networkName(cluster: cluster)) }

    /// The UUID of Slipway's own storage pool.
    package static let poolUUID = uuid(of: "slipway.pool")

    /// The node's MAC address, in QEMU's range 52:54:00.
    package static func macAddress(cluster: String, node: String) -> String {
        mac(sha256(["mac", cluster, node]))
    }

    /// The bridge's MAC address.
    package static func bridgeMACAddress(cluster: String) -> String { mac(sha256(["bridge-mac", cluster])) }

    /// The content of `/etc/machine-id`, which is also the node's fleet machine ID: 32 hexadecimal digits.
    package static func machineID(cluster: String, node: String) -> String {
        Hex.encode(sha256(["machine-id", cluster, node]).prefix(16))
    }

    /// The name of node number `index` (from 1) of a role.
    package static func nodeName(role: String, index: Int) -> String { "\(role)-\(index)" }

    /// The name space of Slipway's version 5 UUIDs, itself a random (version 4) UUID fixed once and for all.
    private static let nameSpace: [UInt8] = [
        0x5f, 0x1e, 0x0b, 0x6c, 0x8d, 0x2a, 0x4c, 0x39, 0x9a, 0x55, 0x3c, 0xd1, 0x70, 0xe4, 0x16, 0xb2,
    ]

    private static func uuid(of name: String) -> String {
        var bytes = Array(Insecure.SHA1.hash(data: nameSpace + Array(name.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { Hex.encode(bytes[$0]) }.joined(separator: "-")
    }

    private static func mac(_ digest: [UInt8]) -> String {
        ([0x52, 0x54, 0x00] + digest.prefix(3)).map { Hex.encode([$0]) }.joined(separator: ":")
    }

    private static func sha256(_ parts: [String]) -> [UInt8] {
        Array(SHA256.hash(data: Array(parts.joined(separator: "\u{0}").utf8)))
    }
}

/// The SHA-256 of a text's UTF-8, in hexadecimal.
package func sha256Hex(_ text: String) -> String { Hex.encode(SHA256.hash(data: Array(text.utf8))) }
