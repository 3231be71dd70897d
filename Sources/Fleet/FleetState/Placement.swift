/// Change that an engine makes to one unit, and the state that it was decided upon.
package struct Placement: Sendable, Equatable {
    /// Change of a unit's place.
    package enum Action: Sendable, Equatable {
        /// Put the unit on a machine; it is on none.
        case place(on: String)
        /// Take the unit off the machine it is on.
        case remove
        /// Take the unit from one machine to another, at once.
        case move(to: String)
        /// Say why the unit is on no machine; `nil` takes that back.
        case explain(String?)
    }

    /// Unit to place.
    package var unit: String
    /// Change of its place.
    package var action: Action

    package init(unit: String, _ action: Action) {
        self.unit = unit
        self.action = action
    }
}
