import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension ValidationRule {
    /// What the original let through, and a node then chokes on. `text` is the file's, for places inside blocks of it.
    package static func beyondOriginal(text: String) -> [ValidationRule] {
        [etcHosts, etcd2Members, etcd2ClientURLs, etcd2State, urls, unitNames, units(text: text)]
    }

    /// Anything but `localhost` made the original stop half-way.
    static let etcHosts = ValidationRule("manage_etc_hosts") { root in
        guard let pair = root.pair(["manage_etc_hosts"]), let text = pair.value.asString, !text.isEmpty,
            CloudConfig.EtcHosts(rawValue: text) == nil
        else { return [] }
        return [
            .error(
                "manage_etc_hosts cannot be \(text)",
                at: pair.valueLocation,
                notes: ["the only value is localhost: the node's own name becomes an address of the loopback interface"],
            )
        ]
    }
}

/// Texts with `$private_ipv4` and the like as they may be on a node.
enum SampleAddresses {
    private static let addresses = [
        ("$public_ipv4", "192.0.2.1"), ("$private_ipv4", "192.0.2.1"), ("$public_ipv6", "2001:db8::1"),
        ("$private_ipv6", "2001:db8::1"),
    ]

    static func filled(_ text: String) -> String {
        guard text.contains("$") else { return text }
        return addresses.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}
