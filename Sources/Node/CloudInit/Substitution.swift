/// The node's addresses, for `$private_ipv4` and its kin in user-data.
package struct NodeAddresses: Sendable, Hashable {
    /// Value of `$public_ipv4`; empty where it is unknown.
    package var publicIPv4 = ""
    /// Value of `$private_ipv4`; empty where it is unknown.
    package var privateIPv4 = ""
    /// Value of `$public_ipv6`; empty where it is unknown.
    package var publicIPv6 = ""
    /// Value of `$private_ipv6`; empty where it is unknown.
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
    /// `\$private_ipv4` stands for the token itself. As with the original, which looked for a token with the character
    /// before it, the second of the same two tokens side by side stays as it is.
    package static func apply(_ text: String, _ addresses: NodeAddresses) -> (text: String, unknown: [String]) {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return (text, []) }
        var bytes = Array(text.utf8)
        var unknown: [String] = []
        for (name, address) in addresses.byToken {
            let token = Array(name.utf8)
            let (replaced, count) = replacing(token, with: Array(address.utf8), in: bytes)
            if count > 0, address.isEmpty { unknown.append(name) }
            bytes = unescaping(token, in: replaced)
        }
        return (String(decoding: bytes, as: UTF8.self), unknown)
    }

    private static func replacing(
        _ token: [UInt8],
        with address: [UInt8],
        in input: [UInt8],
    ) -> (output: [UInt8], count: Int) {
        var output: [UInt8] = []
        var end = 0
        var count = 0
        for start in starts(of: token, in: input) {
            let isFree = start == 0 || (start > end && input[start - 1] != UInt8(ascii: "\\"))
            guard isFree else { continue }
            output += input[end..<start]
            output += address
            end = start + token.count
            count += 1
        }
        return (output + input[end...], count)
    }

    private static func unescaping(_ token: [UInt8], in input: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var end = 0
        for start in starts(of: token, in: input) where start > 0 && input[start - 1] == UInt8(ascii: "\\") {
            output += input[end..<(start - 1)]
            end = start
        }
        return output + input[end...]
    }

    private static func starts(of token: [UInt8], in input: [UInt8]) -> [Int] {
        var starts: [Int] = []
        var rest = input[...]
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            if input[dollar...].starts(with: token) { starts.append(dollar) }
            rest = input[(dollar + 1)...]
        }
        return starts
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
