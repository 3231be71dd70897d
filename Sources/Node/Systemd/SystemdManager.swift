/// systemd's manager, as far as fleet's agent and coreos-cloudinit need it.
///
/// Unit names are whole (`web.service`, `web@1.service`); nothing is guessed. Every call waits at most 30 s for
/// systemd's answer unless it says otherwise, and throws ``SystemdError`` with the D-Bus error's name and text kept.
package protocol SystemdManager: Sendable {
    /// Queues a job and waits until systemd has finished it.
    ///
    /// A job that ends badly is an answer (``JobResult/failed``), not an error; an error means that systemd refused the
    /// job, could not be asked, or had not finished it `within` the time given (the job then stays queued).
    func run(
        _ verb: JobVerb,
        _ unit: String,
        mode: JobMode,
        within: Duration,
    ) async throws(SystemdError) -> JobResult

    /// Queues a job and returns as soon as systemd has accepted it.
    ///
    /// - Returns: the job's name, by which ``UnitChange/jobEnded(unit:job:_:)`` tells of its end.
    @discardableResult
    func enqueue(_ verb: JobVerb, _ unit: String, mode: JobMode) async throws(SystemdError) -> String

    /// Forgets that a unit has failed. A unit systemd has not loaded is an error for which
    /// ``SystemdError/isUnitNotLoaded`` holds; ``resetFailedIfLoaded(_:)`` takes that for success.
    func resetFailed(_ unit: String) async throws(SystemdError)

    /// Makes unit files that lie outside systemd's search path known to it, by symbolic links.
    /// - Parameter paths: absolute paths of the files.
    @discardableResult
    func linkUnitFiles(
        _ paths: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange]

    /// Makes the links a unit's `[Install]` section asks for.
    /// - Parameter files: unit names, or absolute paths of unit files (which are linked as well).
    @discardableResult
    func enableUnitFiles(
        _ files: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange]

    /// Removes the links made by `enableUnitFiles` and `linkUnitFiles`. A name without a unit file is an error for
    /// which ``SystemdError/isUnitNotLoaded`` holds.
    @discardableResult
    func disableUnitFiles(_ names: [String], runtime: Bool) async throws(SystemdError) -> [UnitFileChange]

    /// Links units to `/dev/null`.
    @discardableResult
    func maskUnitFiles(
        _ names: [String],
        runtime: Bool,
        force: Bool,
    ) async throws(SystemdError) -> [UnitFileChange]

    /// Removes links to `/dev/null`.
    @discardableResult
    func unmaskUnitFiles(_ names: [String], runtime: Bool) async throws(SystemdError) -> [UnitFileChange]

    /// Reads all unit files again; returns when systemd has done it. Waits up to 90 s.
    func daemonReload() async throws(SystemdError)

    /// Every unit systemd has in memory whose name matches one of the patterns (shell globs; none means all), by name.
    /// A unit that is not loaded is missing from the answer; asking does not load it.
    func listUnits(matching patterns: [String]) async throws(SystemdError) -> [UnitStatus]

    /// One property of a unit. Asking loads the unit for as long as the question takes.
    /// - Parameter interface: such as `Unit` or `Service`, the last word of the D-Bus interface's name.
    func unitProperty(
        _ property: String,
        interface: String,
        of unit: String,
    ) async throws(SystemdError) -> PropertyValue

    /// `enabled`, `linked-runtime`, `static`, … as `systemctl is-enabled` prints it; nil when no such unit file exists.
    func unitFileState(_ name: String) async throws(SystemdError) -> String?

    /// Returns changes of units from now on, until the stream is dropped or the manager is closed.
    ///
    /// Changes in quick succession are folded: each unit's latest state always arrives, not every state between.
    /// The stream starts with ``UnitChange/resync`` once it is certain that nothing will be missed, and says it again
    /// after a connection was lost and made again: take ``listUnits(matching:)`` then.
    func unitStateChanges() -> AsyncStream<UnitChange>
}

extension SystemdManager {
    /// Long enough for a unit that obeys systemd's own limits (90 s to stop, then SIGKILL).
    package static var jobLimit: Duration { .seconds(120) }

    /// Runs a job that replaces a conflicting one, within ``jobLimit``.
    @discardableResult
    package func run(_ verb: JobVerb, _ unit: String) async throws(SystemdError) -> JobResult {
        try await run(verb, unit, mode: .replace, within: Self.jobLimit)
    }

    /// Queues a job that replaces a conflicting one.
    ///
    /// - Returns: the job's name.
    @discardableResult
    package func enqueue(_ verb: JobVerb, _ unit: String) async throws(SystemdError) -> String {
        try await enqueue(verb, unit, mode: .replace)
    }

    /// Forgets a failure; a unit that is not loaded has none to forget.
    package func resetFailedIfLoaded(_ unit: String) async throws(SystemdError) {
        do {
            try await resetFailed(unit)
        } catch let error where error.isUnitNotLoaded {
            return
        }
    }

    /// Makes the links that a unit's `[Install]` section asks for; those of the unit itself where it is named by one of
    /// its other names, which systemd refuses (Debian calls CoreOS's `sshd.service` `ssh.service`).
    package func enable(_ unit: String, runtime: Bool) async throws(SystemdError) -> [UnitFileChange] {
        do {
            return try await enableUnitFiles([unit], runtime: runtime, force: true)
        } catch  where error.dbusName == SystemdError.unitLinked {
            let name = try await unitProperty("Id", interface: "Unit", of: unit)
            guard case .string(let id) = name, id != unit else { throw error }
            return try await enableUnitFiles([id], runtime: runtime, force: true)
        }
    }

    /// One unit's status, nil when systemd has not loaded it.
    package func unitStatus(_ unit: String) async throws(SystemdError) -> UnitStatus? {
        try await listUnits(matching: [unit]).first { $0.name == unit }
    }

    package func listUnits() async throws(SystemdError) -> [UnitStatus] {
        try await listUnits(matching: [])
    }
}
