import Planning

/// Limit of the steps that write a unit to fleet at a time. Begun all at once, hundreds of requests would wait for each
/// other until each has lasted too long.
struct StepAdmission {
    /// Number of units written at a time; more are no faster with one etcd leader.
    static let units = 16

    private var running = 0

    /// Returns whether the step begins now; it counts until ``ended(_:)``.
    mutating func admits(_ step: Step) -> Bool {
        guard Self.isBounded(step) else { return true }
        guard running < Self.units else { return false }
        running += 1
        return true
    }

    /// Notes the end of a step that was admitted.
    mutating func ended(_ step: Step) {
        if Self.isBounded(step) { running -= 1 }
    }

    private static func isBounded(_ step: Step) -> Bool {
        switch step.action {
        case .deployUnit, .destroyUnit: true
        default: false
        }
    }
}
