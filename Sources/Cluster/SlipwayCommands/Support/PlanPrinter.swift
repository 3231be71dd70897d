import Diagnostics
import Planning
import Provisioning
import Terminal

/// What is printed of plans: as text for people, or as events, one a line, for programs.
struct PlanPrinter: Sendable {
    let json: Bool

    /// Shows what planning found to say, with the lines it points at.
    func show(_ warnings: [Diagnostic], sources: [String: String]) throws {
        if json { for warning in warnings { try Output.event(EventPayload(warning)) } }
        Diagnosing.show(warnings, sources: sources)
    }

    /// Shows a plan that has no steps.
    func nothingToDo(_ plan: Plan) { report(PlanText(plan: plan, style: Output.style).text()) }

    /// Shows a plan that is about to be carried out.
    ///
    /// - Parameter bootsAtATime: the most nodes that boot together.
    func announce(_ plan: Plan, bootsAtATime most: Int) {
        guard !json else { return }
        Output.note(PlanText(plan: plan, style: Output.errorStyle).text())
        let boots = plan.steps.count { if case .createNode = $0.action { true } else { false } }
        guard boots > most else { return }
        let nodes = Format.count(most, "node")
        Output.note("At most \(nodes) boot at a time, etcd's members first; --max-boots sets another number.")
    }

    /// Shows that a plan was carried out.
    func carriedOut(in duration: Duration) {
        if !json { Output.note("Done in \(Format.duration(duration)).") }
    }

    /// Shows why steps failed; people have read it where each step ended.
    func failed(_ failure: PlanFailure) {
        if json { Output.note("\(failure)") }
    }

    /// Prints a line for people.
    func report(_ text: String) {
        if !json { Output.print(text) }
    }

    /// The last event of a command that has done what it was asked for.
    func done(_ plans: [Plan], in duration: Duration) throws {
        if json { try Output.event(DonePayload(plans, took: duration)) }
    }
}
