/// State of a unit in fleet, wanted or reached.
package enum TargetState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Known to fleet, on no machine.
    case inactive
    /// On a machine, known to its systemd, not started.
    case loaded
    /// Started.
    case launched
}

extension TargetState: Comparable {
    /// Inactive, loaded, launched: each includes the one before.
    package static func < (lhs: TargetState, rhs: TargetState) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int {
        switch self {
        case .inactive: 0
        case .loaded: 1
        case .launched: 2
        }
    }
}
