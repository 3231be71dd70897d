/// The node's addresses, for `$private_ipv4` and its kin in user-data.
package struct NodeAddresses: Sendable, Hashable {
    package var publicIPv4 = ""
    package var privateIPv4 = ""
    package var publicIPv6 = ""
    package var privateIPv6 = ""

    package init(publicIPv4: String = "", privateIPv4: String = "", publicIPv6: String = "", privateIPv6: String = "") {
        self.publicIPv4 = publicIPv4
        self.privateIPv4 = privateIPv4
        self.publicIPv6 = publicIPv6
        self.privateIPv6 = privateIPv6
    }

    /// From `COREOS_PRIVATE_IPV4` and the like: in the environment, or else in `/etc/environment`.
    package init(environment: [String: String]) {
        publicIPv4 = environment["COREOS_PUBLIC_IPV4"] ?? ""
        privateIPv4 = environment["COREOS_PRIVATE_IPV4"] ?? ""
        publicIPv6 = environment["COREOS_PUBLIC_IPV6"] ?? ""
        privateIPv6 = environment["COREOS_PRIVATE_IPV6"] ?? ""
    }

    static let variableNames = [
        "COREOS_PUBLIC_IPV4", "COREOS_PRIVATE_IPV4", "COREOS_PUBLIC_IPV6", "COREOS_PRIVATE_IPV6",
    ]

    var byToken: [(token: String, address: String)] {
        [
            ("$public_ipv4", publicIPv4), ("$private_ipv4", privateIPv4),
            ("$public_ipv6", publicIPv6), ("$private_ipv6", privateIPv6),
        ]
    }
}

/// Puts addresses into user-data before anybody reads it as YAML: in comments and block scalars too.
package enum Substitution {
    /// The text with tokens replaced, and the tokens for which there is no address: they leave nothing behind.
    ///
    /// `\$private_ipv4` stands for the token itself. (The original passed over the second of two tokens side by side.)
    package static func apply(_ text: String, _ addresses: NodeAddresses) -> (text: String, unknown: [String]) {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return (text, []) }
        let tokens = addresses.byToken.map { (token: Array($0.token.utf8), name: $0.token, address: $0.address) }
        let input = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(input.count)
        var unknown: [String] = []
        var index = 0
        while index < input.count {
            guard input[index] == UInt8(ascii: "$"),
                let match = tokens.first(where: { input[index...].starts(with: $0.token) })
            else {
                output.append(input[index])
                index += 1
                continue
            }
            index += match.token.count
            if output.last == UInt8(ascii: "\\") {
                output.removeLast()
                output += match.token
            } else {
                output += match.address.utf8
                if match.address.isEmpty, !unknown.contains(match.name) { unknown.append(match.name) }
            }
        }
        return (String(decoding: output, as: UTF8.self), unknown)
    }
}

extension NodeAddresses {
    /// These addresses, and the others' where these have none.
    func filled(from others: NodeAddresses) -> NodeAddresses {
        func first(_ path: KeyPath<NodeAddresses, String>) -> String {
            self[keyPath: path].isEmpty ? others[keyPath: path] : self[keyPath: path]
        }
        return NodeAddresses(
            publicIPv4: first(\.publicIPv4),
            privateIPv4: first(\.privateIPv4),
            publicIPv6: first(\.publicIPv6),
            privateIPv6: first(\.privateIPv6),
        )
    }
}
