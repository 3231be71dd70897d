import Planning

/// How far a command has come with its plan, for whoever else looks at the cluster.
package struct RunProgress: Sendable, Hashable {
    /// A step that is under way.
    package struct Running: Sendable, Hashable {
        /// ID in the plan.
        package var id: String
        /// What is done.
        package var title: String
        /// How far it is: the rung that a node is on, say; empty until something is said.
        package var detail: String
        /// Name of the node that is waited for; nil until it is on a rung.
        package var node: String?
        /// Rungs of its way to readiness that it has climbed, in the order in which it did.
        package var rungs: [Rung] = []

        package init(id: String, title: String, detail: String = "", node: String? = nil, rungs: [Rung] = []) {
            (self.id, self.title, self.detail, self.node, self.rungs) = (id, title, detail, node, rungs)
        }
    }

    /// Number of the plan's steps.
    package var steps: Int
    /// Number of steps that have ended, the failed ones included.
    package var ended: Int
    /// Number of steps that have failed.
    package var failed: Int
    /// Steps under way, in the order in which they began.
    package var running: [Running]
    /// Seconds until each rung of the nodes that were waited for, by node; not told to others while the run goes on.
    package var rungs: [String: [String: Double]] = [:]

    package init(steps: Int, ended: Int = 0, failed: Int = 0, running: [Running] = []) {
        (self.steps, self.ended, self.failed, self.running) = (steps, ended, failed, running)
    }

    /// Takes in an event.
    ///
    /// - Parameter title: what a step does, in words.
    package mutating func take(_ event: Event, title: (Step) -> String) {
        switch event {
        case .started(let step):
            running.append(Running(id: step.id.description, title: title(step)))
        case .progress(let id, let text):
            guard let index = running.firstIndex(where: { $0.id == id.description }) else { return }
            running[index].detail = text
        case .finished(let step, _):
            end(step)
        case .failed(let step, _):
            end(step)
            failed += 1
        case .reached(let id, let node, let rung, let took):
            rungs[node, default: [:]][rung.rawValue] = took / .seconds(1)
            guard let index = running.firstIndex(where: { $0.id == id.description }) else { return }
            running[index].node = node
            running[index].rungs.append(rung)
        case .warning, .notStarted:
            return
        }
    }

    private mutating func end(_ step: Step) {
        running.removeAll { $0.id == step.id.description }
        ended += 1
    }
}
