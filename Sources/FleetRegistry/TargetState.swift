/// How far a unit is wanted, or has come.
package enum TargetState: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Known to fleet, on no machine.
    case inactive
    /// On a machine, not started.
    case loaded
    /// Started.
    case launched

    package static func < (lhs: TargetState, rhs: TargetState) -> Bool {
        lhs.rank < rhs.rank
    }

    private var rank: Int {
        switch self {
        case .inactive: 0
        case .loaded: 1
        case .launched: 2
        }
    }
}
