/// An IPv4 address, written in dotted decimal.
package struct IPv4Address: Sendable, Hashable, Comparable {
    /// The address as one number, most significant octet first.
    package var number: UInt32

    /// Takes the address as one number, most significant octet first.
    package init(number: UInt32) {
        self.number = number
    }

    /// Parses four decimal octets; nil for anything else (leading zeros included, since some programs read them as
    /// octal).
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ $0.isASCII && $0.isNumber }),
                let octet = UInt8(part), String(octet) == part
            else { return nil }
            number = number << 8 | UInt32(octet)
        }
        self.number = number
    }

    package static func < (lhs: IPv4Address, rhs: IPv4Address) -> Bool { lhs.number < rhs.number }
}

extension IPv4Address: CustomStringConvertible, Codable {
    package var description: String {
        [24, 16, 8, 0].map { String(number >> UInt32($0) & 0xFF) }.joined(separator: ".")
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let address = IPv4Address(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not an IPv4 address")
            )
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A block of IPv4 addresses, written `10.71.3.0/24`.
package struct CIDRv4: Sendable, Hashable {
    /// The first address: all host bits are zero.
    package var base: IPv4Address
    /// The length of the network part, 0 to 32 bits.
    package var prefix: Int

    /// - Returns: nil when `prefix` is not in 0...32 or `base` has host bits set.
    package init?(base: IPv4Address, prefix: Int) {
        guard (0...32).contains(prefix) else { return nil }
        self.base = base
        self.prefix = prefix
        guard base.number & ~mask == 0 else { return nil }
    }

    /// The block of `prefix` bits (held to 0...32) that `address` is in.
    package init(around address: IPv4Address, prefix: Int) {
        self.prefix = min(max(prefix, 0), 32)
        base = address
        base.number &= mask
    }

    /// Parses `a.b.c.d/n`; nil for anything else, host bits included.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPv4Address(parts[0]), let prefix = Int(parts[1]),
            String(prefix) == parts[1]
        else { return nil }
        self.init(base: base, prefix: prefix)
    }

    /// The netmask as a number.
    package var mask: UInt32 { prefix == 0 ? 0 : ~UInt32(0) << UInt32(32 - prefix) }

    /// The netmask as an address, as libvirt wants it.
    package var netmask: IPv4Address { IPv4Address(number: mask) }

    /// The last address.
    package var broadcast: IPv4Address { IPv4Address(number: base.number | ~mask) }

    /// The host's own address on the network: the first usable one.
    package var gateway: IPv4Address { IPv4Address(number: base.number + 1) }

    /// Returns true when the address is in the block.
    package func contains(_ address: IPv4Address) -> Bool { address.number & mask == base.number }

    /// Returns true when the blocks share an address.
    package func overlaps(_ other: CIDRv4) -> Bool { contains(other.base) || other.contains(base) }
}

extension CIDRv4: CustomStringConvertible, Codable {
    package var description: String { "\(base)/\(prefix)" }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let cidr = CIDRv4(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not an IPv4 network")
            )
        }
        self = cidr
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
