/// What systemd on one machine says about one unit, as fleet's HTTP API shows it.
package struct APIUnitState: Sendable, Hashable, Codable {
    package var name: String
    package var hash: String?
    package var machineID: String?
    package var systemdLoadState: String?
    package var systemdActiveState: String?
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
