/// Effect of a job on a unit.
package enum JobVerb: String, Sendable, Hashable, CaseIterable {
    case start
    case stop
    case restart
    case reload
    case tryRestart = "try-restart"
    case reloadOrRestart = "reload-or-restart"
    case reloadOrTryRestart = "reload-or-try-restart"

    /// The manager's D-Bus method.
    package var method: String {
        switch self {
        case .start: "StartUnit"
        case .stop: "StopUnit"
        case .restart: "RestartUnit"
        case .reload: "ReloadUnit"
        case .tryRestart: "TryRestartUnit"
        case .reloadOrRestart: "ReloadOrRestartUnit"
        case .reloadOrTryRestart: "ReloadOrTryRestartUnit"
        }
    }
}

/// Effect of a new job on jobs that are queued already (`systemctl --job-mode`).
package enum JobMode: String, Sendable, Hashable {
    case replace
    /// As `replace`, and no other job replaces it.
    case replaceIrreversibly = "replace-irreversibly"
    case fail
    case isolate
    case ignoreDependencies = "ignore-dependencies"
    case ignoreRequirements = "ignore-requirements"
}

/// Result of a job, as systemd names it; later versions have more names.
package struct JobResult: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// Result in systemd's own word.
    package var rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package var description: String { rawValue }

    /// The job did what it was to do.
    package static let done = JobResult(rawValue: "done")
    /// Another job replaced it.
    package static let canceled = JobResult(rawValue: "canceled")
    /// It took too long.
    package static let timeout = JobResult(rawValue: "timeout")
    /// The unit failed.
    package static let failed = JobResult(rawValue: "failed")
    /// A unit that it needs failed.
    package static let dependency = JobResult(rawValue: "dependency")
    /// It did not apply to the unit's state.
    package static let skipped = JobResult(rawValue: "skipped")
}
