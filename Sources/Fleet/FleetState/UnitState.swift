/// What a machine says of one of its units.
package struct UnitState: Sendable, Equatable, Codable {
    /// systemd's words: `loaded`, `active`, `running`, …
    package var loadState: String
    /// systemd's `ActiveState`.
    package var activeState: String
    /// systemd's `SubState`.
    package var subState: String
    /// Of the unit's text on the machine.
    package var hash: String
    /// The machine has started the unit and not stopped it since.
    package var launched: Bool

    package init(loadState: String, activeState: String, subState: String, hash: String, launched: Bool) {
        self.loadState = loadState
        self.activeState = activeState
        self.subState = subState
        self.hash = hash
        self.launched = launched
    }

    /// Whether the unit does, or has done, what it is for.
    package var isActive: Bool { activeState == "active" }
}
