/// A unit as systemd has it in memory.
package struct UnitStatus: Sendable, Hashable {
    /// Name with suffix.
    package var name: String
    package var description: String
    /// `loaded`, `not-found`, `masked`, `error`, …
    package var loadState: String
    /// `active`, `activating`, `deactivating`, `inactive`, `failed`, `reloading`.
    package var activeState: String
    /// The unit type's own word: `running`, `exited`, `dead`, `auto-restart`, …
    package var subState: String
    /// A queued job's kind, such as `start`; nil when none is queued.
    package var job: String?

    package init(
        name: String,
        description: String = "",
        loadState: String = "loaded",
        activeState: String = "inactive",
        subState: String = "dead",
        job: String? = nil,
    ) {
        self.name = name
        self.description = description
        self.loadState = loadState
        self.activeState = activeState
        self.subState = subState
        self.job = job
    }
}

/// Notification of a change of a unit.
package enum UnitChange: Sendable, Hashable {
    /// This is the unit's state now.
    case status(UnitStatus)
    /// systemd has dropped the unit from memory: it is inactive and has not failed.
    case unloaded(String)
    /// A job of the unit has ended; the name of the job is the one that ``SystemdManager/enqueue(_:_:mode:)`` returns.
    case jobEnded(unit: String, job: String, JobResult)
    /// Changes may have been missed before this point: list the units again.
    case resync
}

/// One link that enabling, linking or masking made or removed.
package struct UnitFileChange: Sendable, Hashable {
    /// `symlink` or `unlink`.
    package var kind: String
    /// The link.
    package var path: String
    /// Target of the link; empty when it was removed.
    package var target: String

    package init(kind: String, path: String, target: String) {
        self.kind = kind
        self.path = path
        self.target = target
    }
}

/// A unit's property; of D-Bus's types those that units are described with.
package enum PropertyValue: Sendable, Hashable {
    case string(String)
    case strings([String])
    case bool(Bool)
    case unsigned(UInt64)
    case signed(Int64)
    case double(Double)
}
