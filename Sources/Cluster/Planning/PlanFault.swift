import Diagnostics

/// A contradiction in a plan. A plan with one is never carried out; it is a bug in the planner.
package struct PlanFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Every contradiction found, in the order of the steps.
    package var descriptions: [String]

    /// A fault with these contradictions.
    package init(_ descriptions: [String]) { self.descriptions = descriptions }

    /// All contradictions in one line.
    package var description: String { descriptions.joined(separator: "; ") }

    /// The fault as shown to people.
    var diagnostics: [Diagnostic] {
        let notes = ["nothing was changed; this is a bug in slipway: please report it with `slipway plan --json`"]
        return descriptions.map { .error("this plan must not be carried out: \($0)", notes: notes) }
    }
}

extension Plan {
    /// Proves the plan safe for etcd, or nearly so where it is too large for that.
    func check(from observed: Observation) throws(PlanFault) {
        let faults = PlanChecker(self, from: observed).faults()
        guard faults.isEmpty else { throw PlanFault(faults) }
    }
}

extension PlanFault {
    /// Returns the faults of steps in an order: IDs that occur twice, and needs that no earlier step meets.
    static func inOrder(of steps: [Step]) -> [String] {
        var before: Set<StepID> = []
        var faults: [String] = []
        for step in steps {
            let unmet = step.needs.filter { !before.contains($0) }
            faults += unmet.map { "\(step.id) needs \($0), which no step before it meets" }
            if !before.insert(step.id).inserted { faults.append("two steps are called \(step.id)") }
        }
        return faults
    }
}
