import UnitFiles

/// A unit with where it is and how far it is wanted.
package struct FleetUnit: Sendable, Equatable {
    /// Unit as etcd has it.
    package var unit: StoredUnit
    /// State wanted of it.
    package var target: TargetState
    /// Machine on which it is scheduled; nil for none.
    package var machineID: String?
    /// Reason why it is on no machine although it is wanted.
    package var reason: String?

    package init(unit: StoredUnit, target: TargetState, machineID: String? = nil, reason: String? = nil) {
        self.unit = unit
        self.target = target
        self.machineID = machineID
        self.reason = reason
    }
}
