/// How far a unit is wanted, or has come.
package enum TargetState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Known to fleet, on no machine.
    case inactive
    /// On a machine, not started.
    case loaded
    /// Started.
    case launched
}
