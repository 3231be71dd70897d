/// A unit state to write, or to take away.
package struct StateChange: Sendable, Equatable {
    /// Unit whose state changed.
    package var unit: String
    /// `nil` takes it away.
    package var state: UnitState?

    package init(unit: String, state: UnitState?) {
        self.unit = unit
        self.state = state
    }
}
