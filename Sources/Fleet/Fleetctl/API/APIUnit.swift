import Scheduling
import UnitFiles

/// A unit as fleet's HTTP API shows and takes it.
package struct APIUnit: Sendable, Hashable, Codable {
    package var name: String
    package var options: [UnitOption]?
    package var desiredState: String?
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

    package var file: UnitFile { UnitFile(options: options ?? []) }

    package var isGlobal: Bool { FleetRequirements(of: file, name: nil).isGlobal }

    /// What is wanted of the unit; inactive when the API does not say.
    package var target: Job.TargetState { desiredState.flatMap(Job.TargetState.init) ?? .inactive }

    /// How far the unit is; inactive when the API does not say.
    package var state: Job.TargetState { currentState.flatMap(Job.TargetState.init) ?? .inactive }
}
