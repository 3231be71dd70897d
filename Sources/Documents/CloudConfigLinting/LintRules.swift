import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension ValidationRule {
    /// Returns rules about what the original accepted and a node cannot use. `text` is the file's, for locations inside
    /// its blocks.
    package static func beyondOriginal(text: String) -> [ValidationRule] {
        [
            hostname, names, etcHosts, etcd2Members, etcd2ClientURLs, etcd2State, urls, unitNames, units(text: text),
        ]
    }

    /// Returns rules for a cloud-config inside a topology, beside those of its reader: the members of etcd, and how
    /// they find each other, follow from the topology.
    private static func embedded(text: String) -> [ValidationRule] {
        [names, urls, unitNames, units(text: text), unknownAddresses]
    }

    /// Findings in a cloud-config that is part of another file, in its reading order.
    ///
    /// - Parameter text: the whole file's.
    package static func findings(in node: YAMLNode, text: String) -> [Diagnostic] {
        embedded(text: text).flatMap { $0.check(node) }.inReadingOrder
    }

    /// hostnamed leaves out what no host name may have.
    static let hostname = ValidationRule("hostname") { root in
        guard let pair = root.pair(["hostname"]), let name = pair.value.asString, !name.isEmpty else { return [] }
        let valid = HostName.valid(name)
        guard valid != name else { return [] }
        let notes = valid.isEmpty ? ["nothing of it can be"] : ["the machine is called \(valid)"]
        return [.warning("\"\(name)\" cannot be a hostname", at: pair.valueLocation, notes: notes)]
    }

    /// Rule about entries without a name, which are passed over while the rest of the config applies.
    static let names = ValidationRule("names") { root in
        root.elements("users").filter { $0.pairs != nil && $0.pair(["name"])?.value.asString?.isEmpty != false }.map {
            .warning("a user without a name is passed over", at: $0.location)
        }
    }

    /// Nodes have IPv4 addresses only.
    static let unknownAddresses = ValidationRule("addresses") { root in
        root.scalars.flatMap { node -> [Diagnostic] in
            let text = (node.scalar?.text ?? "").replacing("\\$", with: "")
            return ["$private_ipv6", "$public_ipv6"].filter { text.contains($0) }.map { token in
                .warning(
                    "\(token) has no value on a node, and leaves nothing behind",
                    at: node.location,
                    notes: ["$private_ipv4 and $public_ipv4 are the node's address"],
                )
            }
        }
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

extension YAMLNode {
    /// All scalars in this one, in reading order.
    var scalars: [YAMLNode] {
        switch content {
        case .scalar: [self]
        case .sequence(let elements): elements.flatMap(\.scalars)
        case .mapping(let pairs): pairs.flatMap(\.value.scalars)
        }
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

    /// The same for what reaches its service by systemd, whose specifiers, such as `%H`, may be any name or address.
    static func expanded(_ text: String) -> String {
        filled(text).replacing(#/%([a-zA-Z])/#) { _ in "192.0.2.1" }.replacing("%%", with: "%")
    }

    /// Returns whether only the machine knows what a text will be.
    static func depends(_ text: String) -> Bool { expanded(text) != text }
}
