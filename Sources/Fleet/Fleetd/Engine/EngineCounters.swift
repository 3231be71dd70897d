import FleetState
import Synchronization

/// Counters of this machine's engine, for ``APIMetrics``.
package final class EngineCounters: Sendable {
    struct Values: Sendable, Equatable {
        /// Seconds since 1970 when the engine began to lead; nil while it does not.
        var leadsSince: Int?
        var rounds = 0
        var failedRounds = 0
        /// Units given a machine, or taken from one, by the original's word for it.
        var tasks: [String: Int] = [:]
    }

    private let values = Mutex(Values())

    package init() {}

    var now: Values { values.withLock { $0 } }

    func leads(since second: Int?) { values.withLock { $0.leadsSince = second } }

    func roundEnded(well isWell: Bool) {
        values.withLock { values in
            if isWell { values.rounds += 1 } else { values.failedRounds += 1 }
        }
    }

    func did(_ placements: [Placement]) {
        values.withLock { values in
            for task in placements.flatMap(\.action.originalTasks) { values.tasks[task, default: 0] += 1 }
        }
    }
}

extension Placement.Action {
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
