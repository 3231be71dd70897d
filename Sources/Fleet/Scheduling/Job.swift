import UnitFiles

/// A unit and what is wanted of it.
package struct Job: Sendable, Hashable {
    /// The unit's name, suffix included.
    package var name: String
    /// `[X-Fleet]` section.
    package var requirements: FleetRequirements
    /// State wanted of the job.
    package var targetState: TargetState

    package init(name: String, requirements: FleetRequirements = .init(), targetState: TargetState = .launched) {
        self.name = name
        self.requirements = requirements
        self.targetState = targetState
    }

    /// Creates a job from a unit, its requirements taken from the text.
    package init(name: UnitName, unit: UnitFile, targetState: TargetState) {
        self.init(
            name: name.full,
            requirements: FleetRequirements(of: unit, name: name),
            targetState: targetState,
        )
    }

    /// Returns whether one of the two keeps away from the other; never true of a unit and itself.
    package func conflicts(with other: Job) -> Bool {
        guard name != other.name else { return false }
        return requirements.conflicts.contains { $0.matches(other.name) }
            || other.requirements.conflicts.contains { $0.matches(name) }
    }
}
