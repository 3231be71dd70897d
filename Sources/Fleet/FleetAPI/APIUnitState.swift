/// systemd's state of one unit on one machine, as fleet's API shows it; empty members are left out.
package struct APIUnitState: Sendable, Hashable, Codable {
    /// Name with suffix.
    package var name: String
    /// SHA-1 of the unit's text on the machine, in hexadecimal.
    package var hash: String?
    /// Machine that reported the state.
    package var machineID: String?
    /// systemd's `LoadState`.
    package var systemdLoadState: String?
    /// systemd's `ActiveState`.
    package var systemdActiveState: String?
    /// systemd's `SubState`.
    package var systemdSubState: String?
    /// Outcome of an inactive unit: `done`, when it has run and ended well by itself, or `stopped`. The original has no
    /// such member.
    package var outcome: String?
    /// Reason why the unit is not as it is wanted, as systemd puts it. The original has no such member.
    package var statusReason: String?

    package init(
        name: String,
        hash: String? = nil,
        machineID: String? = nil,
        systemdLoadState: String? = nil,
        systemdActiveState: String? = nil,
        systemdSubState: String? = nil,
        outcome: String? = nil,
        statusReason: String? = nil,
    ) {
        self.name = name
        self.hash = hash
        self.machineID = machineID
        self.systemdLoadState = systemdLoadState
        self.systemdActiveState = systemdActiveState
        self.systemdSubState = systemdSubState
        self.outcome = outcome
        self.statusReason = statusReason
    }
}
