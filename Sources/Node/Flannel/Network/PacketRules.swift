import Basics

/// Rules of iptables for containers' packets.
package enum PacketRules {
    /// A rule, as the arguments after `-A` or `-C`.
    package struct Rule: Sendable, Hashable {
        /// Table of the rule.
        package var table: String
        /// Chain and conditions.
        package var arguments: [String]
    }

    /// Packets of the network pass, for Docker's own chain lets nothing pass that it does not know.
    package static func passing(_ network: CIDRv4) -> [Rule] {
        [
            Rule(table: "filter", arguments: ["FORWARD", "-s", "\(network)", "-j", "ACCEPT"]),
            Rule(table: "filter", arguments: ["FORWARD", "-d", "\(network)", "-j", "ACCEPT"]),
        ]
    }

    /// Containers see each other's own addresses, and the world outside sees the node's; so does a container that
    /// somebody outside asks by way of another node, for the answer has to go back the same way.
    package static func masquerading(_ network: CIDRv4) -> [Rule] {
        let (all, chain) = ("\(network)", "POSTROUTING")
        return [
            Rule(table: "nat", arguments: [chain, "-s", all, "-d", all, "-j", "RETURN"]),
            Rule(table: "nat", arguments: [chain, "-s", all, "!", "-d", "224.0.0.0/4", "-j", "MASQUERADE"]),
            Rule(table: "nat", arguments: [chain, "!", "-s", all, "-d", all, "-j", "MASQUERADE"]),
        ]
    }
}
