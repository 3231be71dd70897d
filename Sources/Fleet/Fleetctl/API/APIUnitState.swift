/// What systemd on one machine says about one unit, as fleet's HTTP API shows it.
package struct APIUnitState: Sendable, Hashable, Codable {
    /// Name with suffix.
    package var name: String
    /// Hash of the unit's text on the machine.
    package var hash: String?
    /// Machine that reported the state.
    package var machineID: String?
    /// systemd's `LoadState`.
    package var systemdLoadState: String?
    /// systemd's `ActiveState`.
    package var systemdActiveState: String?
    /// systemd's `SubState`.
    package var systemdSubState: String?

    package init(
        name: String,
        hash: String? = nil,
        machineID: String? = nil,
        systemdLoadState: String? = nil,
        systemdActiveState: String? = nil,
        systemdSubState: String? = nil,
    ) {
        self.name = name
        self.hash = hash
        self.machineID = machineID
        self.systemdLoadState = systemdLoadState
        self.systemdActiveState = systemdActiveState
        self.systemdSubState = systemdSubState
    }
}
