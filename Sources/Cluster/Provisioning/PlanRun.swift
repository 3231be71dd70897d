import Planning

/// State of an execution: the steps that may begin, as others end. A value, so that the order can be tested without
/// effects.
package struct PlanRun: Sendable {
    private var waiting: [Step]
    private var done: Set<StepID> = []
    private(set) var running: Set<StepID> = []
    private(set) var stopped = false

    /// Creates a run of which nothing has begun.
    package init(_ plan: Plan) {
        waiting = plan.steps
    }

    /// True when nothing runs and nothing more can begin.
    package var isOver: Bool { running.isEmpty && (waiting.isEmpty || stopped) }
    /// Steps that were never begun.
    package var remaining: [Step] { waiting }

    /// Takes the steps that may begin now.
    ///
    /// - Parameter admits: asked once for each of them, in order; those it refuses stay for the next call.
    package mutating func takeReady(_ admits: (Step) -> Bool = { _ in true }) -> [Step] {
        guard !stopped else { return [] }
        let ready = waiting.filter { $0.needs.allSatisfy(done.contains) && admits($0) }
        let taken = Set(ready.map(\.id))
        waiting.removeAll { taken.contains($0.id) }
        running.formUnion(taken)
        return ready
    }

    /// Notes a step that is done.
    package mutating func finished(_ step: Step) {
        running.remove(step.id)
        done.insert(step.id)
    }

    /// Nothing new begins after this; what runs is let finish.
    package mutating func failed(_ step: Step) {
        running.remove(step.id)
        stopped = true
    }
}
