import Scheduling
import UnitFiles

/// A unit as fleet's HTTP API shows and takes it.
package struct APIUnit: Sendable, Hashable, Codable {
    /// Name with suffix.
    package var name: String
    /// Options of its text.
    package var options: [UnitOption]?
    /// State wanted of it.
    package var desiredState: String?
    /// State in which it is.
    package var currentState: String?
    /// The machine it is scheduled on; nil for none, and for global units.
    package var machineID: String?
    /// Why it is on no machine; nil when it is. The original fleet does not have this.
    package var statusReason: String?

    package init(
        name: String,
        options: [UnitOption]? = nil,
        desiredState: String? = nil,
        currentState: String? = nil,
        machineID: String? = nil,
        statusReason: String? = nil,
    ) {
        self.name = name
        self.options = options
        self.desiredState = desiredState
        self.currentState = currentState
        self.machineID = machineID
        self.statusReason = statusReason
    }

    /// Text of the unit.
    package var file: UnitFile { UnitFile(options: options ?? []) }

    /// True when the unit runs on every machine that it fits.
    package var isGlobal: Bool { FleetRequirements(of: file, name: nil).isGlobal }

    /// What is wanted of the unit; inactive when the API does not say.
    package var target: Job.TargetState { desiredState.flatMap(Job.TargetState.init) ?? .inactive }

    /// How far the unit is; inactive when the API does not say.
    package var state: Job.TargetState { currentState.flatMap(Job.TargetState.init) ?? .inactive }
}
