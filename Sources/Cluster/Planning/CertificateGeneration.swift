/// Generation of a cluster's certificates. All nodes have those of one generation, except while they are renewed one
/// after the other.
///
/// Each generation has a CA of its own. A node accepts what its own, the one before and the next certify, so that nodes
/// of two neighbouring generations get on with each other, and what was certified two generations ago is refused.
///
/// It is written on the nodes' domains, and keys and certificates follow from it and the host's secret: any later run
/// plans the same ones.
package struct CertificateGeneration: Sendable, Hashable, Codable {
    /// Counts renewals, from 1.
    package var number: Int
    /// Time of issue, in seconds since 1970: the beginning of a day (UTC), so that plans of one day agree.
    package var issued: Int64

    package init(number: Int, issued: Int64) {
        self.number = number
        self.issued = issued
    }

    /// The generation that begins at `time`.
    package init(number: Int, at time: Int64) {
        self.init(number: number, issued: time - (time % Self.day + Self.day) % Self.day)
    }

    private static let day: Int64 = 86_400
    /// Validity of a certificate: five years. Expiry only bounds abandoned keys; renewal is explicit
    /// (`--rotate-certs`).
    private static let lifetime: Int64 = 5 * 365 * day
    /// Time before expiry from which a warning is given.
    private static let notice: Int64 = 60 * day

    /// The generations whose certificates a node of generation `number` accepts.
    package static func trusted(by number: Int) -> ClosedRange<Int> { max(1, number - 1)...number + 1 }

    /// An hour before, for clocks that differ.
    package var notBefore: Int64 { issued - 3600 }
    /// End of validity, in seconds since 1970.
    package var notAfter: Int64 { issued + Self.lifetime }

    /// Days left when the end is near; negative when it has passed.
    package func daysLeft(at time: Int64) -> Int? {
        guard notAfter - time < Self.notice else { return nil }
        return Int((notAfter - time) / Self.day) - (notAfter < time ? 1 : 0)
    }
}

extension CertificateGeneration: Comparable, CustomStringConvertible {
    package static func < (lhs: CertificateGeneration, rhs: CertificateGeneration) -> Bool {
        (lhs.number, lhs.issued) < (rhs.number, rhs.issued)
    }

    /// `2@1790000000`
    package var description: String { "\(number)@\(issued)" }

    /// Parses the text kept in a node's record; nil where it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[0]), number > 0, let issued = Int64(parts[1]) else { return nil }
        self.init(number: number, issued: issued)
    }
}
