import FleetState
import Systemd

/// History of a unit on this machine since it was last started: events in, verdict out.
///
/// systemd forgets a unit that is neither active nor failed, and with it whether it has ever run. So a unit is watched
/// from its start on, by the ends of its jobs and by its states.
package struct UnitFate: Sendable, Equatable {
    private enum Phase: Sendable, Equatable {
        case unknown
        /// This start job is queued or runs.
        case starting(job: String)
        /// The start job has ended well.
        case started
        /// Another job than fleet's ended, and then it was down.
        case stoppedByOthers
        /// It was stopped, or not started after all; why, where that is known.
        case down(String?)
    }

    private struct EndedJob: Sendable, Equatable {
        var name: String
        var result: JobResult
    }

    private var phase = Phase.unknown
    private var isUp = false
    /// True where it was up at any time since its start.
    private var wasUp = false
    /// The answer that names a job may come after the job's end.
    private var lastEnded: EndedJob?

    package init() {}

    /// - Parameters:
    ///   - told: state that an earlier fleetd published.
    ///   - isRunning: whether it runs now.
    package init(told: UnitState?, isRunning: Bool) {
        (isUp, wasUp) = (isRunning, true)
        switch told?.outcome {
        case _ where isRunning: phase = .started
        case .done: phase = .started
        case .stopped: phase = .down(told?.reason)
        case nil: break
        }
    }

    /// True while its start job has not ended.
    package var isStarting: Bool { if case .starting = phase { true } else { false } }

    /// systemd has queued a start job.
    package mutating func startQueued(_ job: String) {
        (phase, wasUp) = (.starting(job: job), isUp)
        if let ended = lastEnded, ended.name == job { jobEnded(job, ended.result) }
    }

    /// Takes in the state of the unit.
    package mutating func saw(_ status: UnitStatus) {
        isUp = status.isUp
        wasUp = wasUp || isUp
    }

    /// A job of the unit has ended; what the unit is since then has been seen.
    package mutating func jobEnded(_ job: String, _ result: JobResult) {
        lastEnded = EndedJob(name: job, result: result)
        switch phase {
        case .starting(job):
            phase = result == .done ? .started : .down(Self.reason(result))
        case .started where result == .done && !isUp:
            // A oneshot that another unit has needed again looks the same, but is through.
            phase = .stoppedByOthers
        case .starting, .started, .stoppedByOthers, .down, .unknown: return
        }
    }

    /// Returns the outcome and the reason to publish for a unit.
    ///
    /// - Parameters:
    ///   - hasConditions: whether systemd may have skipped its start, which it takes for done.
    ///   - isOneshot: whether it is meant to end.
    package func verdict(
        _ status: UnitStatus,
        hasConditions: Bool,
        isOneshot: Bool,
    ) -> (outcome: UnitState.Outcome?, reason: String?) {
        guard status.activeState == "inactive" else { return (nil, nil) }
        switch phase {
        case .unknown, .starting: return (nil, nil)
        case .started where !wasUp && hasConditions:
            return (.stopped, "systemd skipped it: a condition in its file is not met")
        case .started: return (.done, nil)
        case .stoppedByOthers: return isOneshot ? (.done, nil) : (.stopped, Self.stoppedByOthers)
        case .down(let reason): return (.stopped, reason)
        }
    }

    private static let stoppedByOthers = "it was stopped by a job that is not fleet's, as with a unit it depends on"

    /// systemd's word for a job's end, and what it means.
    private static func reason(_ result: JobResult) -> String? {
        switch result {
        // What a unit that failed says itself is told in this one's place.
        case .failed: "systemd did not start it (job result 'failed'); its journal says why"
        case .dependency: "a unit it depends on has failed (job result 'dependency')"
        case .timeout: "its start took too long (job result 'timeout')"
        case .canceled: "another job took the place of its start (job result 'canceled')"
        default: "its start ended with job result '\(result)'"
        }
    }
}

extension UnitStatus {
    /// True where it runs or is being started.
    var isUp: Bool { !isDown && activeState != "deactivating" }

    /// True where it has stopped, whatever the end of a job says.
    var isDown: Bool { activeState == "inactive" || activeState == "failed" }
}
