import Planning

/// When each step of a run began and ended, and what it was at meanwhile.
package struct Timeline: Sendable, Hashable {
    /// End of a step.
    package enum Outcome: String, Sendable, Hashable, Codable {
        case done, failed, interrupted
    }

    /// What a step was at from a moment on.
    package struct Phase: Sendable, Hashable {
        /// For people: the rung that a node is on.
        package var text: String
        /// Time since the run began.
        package var begin: Duration
    }

    /// A step that was begun.
    package struct Bar: Sendable, Hashable {
        /// ID of the step.
        package var id: StepID
        /// Text of the step for people.
        package var title: String
        /// IDs of the steps that had to be done before.
        package var needs: [StepID]
        /// Time since the run began.
        package var begin: Duration
        /// Time since the run began; nil while it is under way.
        package var end: Duration?
        /// Nil while it is under way.
        package var outcome: Outcome?
        /// In their order.
        package var phases: [Phase] = []
    }

    /// Heading.
    package var title: String
    /// In the order in which they began.
    package private(set) var bars: [Bar] = []
    private var places: [StepID: Int] = [:]

    package init(_ title: String) { self.title = title }

    /// Notes that a step begins.
    package mutating func begin(_ step: Step, title: String, at time: Duration) {
        // The second plan of a run may have steps of the same IDs.
        places[step.id] = bars.count
        bars.append(Bar(id: step.id, title: title, needs: step.needs, begin: time))
    }

    /// Notes what a step is at.
    package mutating func note(_ text: String, of step: StepID, at time: Duration) {
        guard let place = places[step], bars[place].phases.last?.text != text else { return }
        bars[place].phases.append(Phase(text: text, begin: time))
    }

    /// Notes that a step is over.
    package mutating func end(_ step: StepID, _ outcome: Outcome, at time: Duration) {
        guard let place = places[step] else { return }
        (bars[place].end, bars[place].outcome) = (time, outcome)
    }

    /// Time from the first beginning to the last end.
    package var length: Duration {
        bars.map { $0.end ?? $0.phases.last?.begin ?? $0.begin }.max() ?? .zero
    }

    /// Places of the bars that the last one had to wait for, one for the other: nothing else made the run longer.
    package var criticalPath: [Int] {
        guard var place = bars.indices.max(by: { end(of: $0) < end(of: $1) }) else { return [] }
        var path = [place]
        while let before = bars[place].needs.compactMap({ last($0, before: place) }).max(by: {
            end(of: $0) < end(of: $1)
        }) {
            path.append(before)
            place = before
        }
        return path.reversed()
    }

    private func last(_ id: StepID, before place: Int) -> Int? { bars[..<place].lastIndex { $0.id == id } }

    private func end(of place: Int) -> Duration { bars[place].end ?? length }
}
