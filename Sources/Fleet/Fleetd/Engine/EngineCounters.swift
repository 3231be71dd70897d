import FleetState
import Synchronization

/// Counters of this machine's engine, for ``APIMetrics``.
package final class EngineCounters: Sendable {
    struct Values: Sendable, Equatable {
        /// Seconds since 1970 when the engine began to lead; nil while it does not.
        var leadsSince: Int?
        var rounds = 0
        var failedRounds = 0
        /// Time that looks which ended well took, all together.
        var roundsTook = Duration.zero
        /// Units that got a machine.
        var placed = 0
        /// Time for which those had been without one while this engine led, all together.
        var waited = Duration.zero
        /// Units given a machine, or taken from one, by the original's word for it.
        var tasks: [String: Int] = [:]
        /// Units of which that was wanted and did not come about, likewise.
        var failedTasks: [String: Int] = [:]
    }

    private let values = Mutex(Values())

    package init() {}

    var now: Values { values.withLock { $0 } }

    func leads(since second: Int?) { values.withLock { $0.leadsSince = second } }

    func roundFailed() { values.withLock { $0.failedRounds += 1 } }

    func roundEnded(after took: Duration) {
        values.withLock { values in
            values.rounds += 1
            values.roundsTook += took
        }
    }

    /// Counts units that got a machine, by the time for which each had been without one.
    func placed(after waits: [Duration]) {
        values.withLock { values in
            values.placed += waits.count
            values.waited += waits.reduce(.zero, +)
        }
    }

    func did(_ placements: [Placement]) {
        values.withLock { values in
            for task in placements.flatMap(\.action.originalTasks) { values.tasks[task, default: 0] += 1 }
        }
    }

    func failed(_ placements: [Placement]) {
        values.withLock { values in
            for task in placements.flatMap(\.action.originalTasks) { values.failedTasks[task, default: 0] += 1 }
        }
    }
}

extension Placement.Action {
    /// True where the unit gets a machine.
    var isPlacing: Bool {
        switch self {
        case .place, .move: true
        case .remove, .explain: false
        }
    }

    /// The original's names of what is done, in its metrics.
    fileprivate var originalTasks: [String] {
        switch self {
        case .place: ["attemptscheduleunit"]
        case .remove: ["unscheduleunit"]
        case .move: ["unscheduleunit", "attemptscheduleunit"]
        case .explain: []
        }
    }
}
