/// The name under which the first members of one cluster find each other: 32 hexadecimal digits, used once.
package struct DiscoveryToken: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let description: String

    /// Nil for a text that is no token.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        description = String(text)
    }

    /// Creates a token of 128 random bits.
    package static func random(using generator: inout some RandomNumberGenerator) -> DiscoveryToken {
        let digits = (0..<32).map { _ in "0123456789abcdef".randomElement(using: &generator) ?? "0" }
        return DiscoveryToken(unchecked: String(digits))
    }

    private init(unchecked text: String) { description = text }

    package static func < (lhs: DiscoveryToken, rhs: DiscoveryToken) -> Bool { lhs.description < rhs.description }
}
