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
