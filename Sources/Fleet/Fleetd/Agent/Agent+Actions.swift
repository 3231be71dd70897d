import FleetState
import Logging
import Systemd
import UnitFiles

extension Agent {
    /// Carries actions out in their order. A failure concerns its unit only, and is tried again later.
    func perform(_ actions: [AgentAction], _ snapshot: FleetSnapshot) async {
        var loads: [StoredUnit] = []
        for action in actions {
            logger.info("agent", metadata: ["action": "\(action)"])
            switch action {
            case .unload(let unit, _):
                noteDependents(of: unit)
                unload(unit)
            case .load(let unit, _):
                // A unit that is being unloaded is loaded again when that has ended.
                if !unloading.contains(unit), let stored = snapshot.units[unit] { loads.append(stored) }
            case .reload:
                await load(loads)
            case .stop(let unit, _):
                noteDependents(of: unit)
                await stop(unit)
            case .start(let unit, _): await start(unit)
            }
        }
        await reloadIfNeeded()
    }

    // MARK: Loading

    /// Writes the files of all units, then makes them known to systemd in one go.
    private func load(_ units: [StoredUnit]) async {
        let areNew = !mustReload && units.allSatisfy(isNew)
        var written: [StoredUnit] = []
        for unit in units {
            let isWritten = await write(unit)
            if isWritten { written.append(unit) }
        }
        guard !written.isEmpty else { return }
        if await !linkTogether(written) {
            for unit in written { await linkAlone(unit) }
        }
        if areNew {
            for unit in written { await inspect(unit.name) }
            // systemd looks again into a directory with a newer time. It takes one that changed twice within a tick of the
            // kernel's clock for the one that it has seen.
            guard written.contains(where: { loadStates[$0.name] == "not-found" }) else { return }
        }
        mustReload = true
        await reloadIfNeeded()
        for unit in written { await inspect(unit.name) }
    }

    /// Returns whether systemd reads a unit's file when it first hears of the unit, without reading all files anew, which
    /// takes a tenth of a second of processor on each machine: one that it does not know, and that changes no other.
    private func isNew(_ unit: StoredUnit) -> Bool {
        current[unit.name] == nil && statuses[unit.name] == nil && !unit.file.has(section: "Install")
    }

    /// - Returns: whether the file was written.
    private func write(_ unit: StoredUnit) async -> Bool {
        guard await isOurs(unit.name) else { return false }
        do {
            try directory.write(unit.name, unit.file.canonicalText)
            return true
        } catch {
            failed(unit.name, "write", error)
            return false
        }
    }

    /// - Returns: false where one of them is at fault, and it is not known which.
    private func linkTogether(_ units: [StoredUnit]) async -> Bool {
        do {
            try await link(units)
        } catch {
            return false
        }
        for unit in units { loaded(unit) }
        return true
    }

    private func linkAlone(_ unit: StoredUnit) async {
        do {
            try await link([unit])
            loaded(unit)
        } catch {
            // The file is there, and goes with the next attempt or the end of the unit.
            current[unit.name] = CurrentUnit(name: unit.name, hash: "", launched: false)
            failed(unit.name, "link", error)
        }
    }

    private func link(_ units: [StoredUnit]) async throws(SystemdError) {
        try await systemd.linkUnitFiles(units.map { directory.file($0.name) }, runtime: true, force: true)
        let installable = units.filter { $0.file.has(section: "Install") }.map(\.name)
        if !installable.isEmpty { try await systemd.enableUnitFiles(installable, runtime: true, force: true) }
    }

    private func loaded(_ unit: StoredUnit) {
        current[unit.name] = CurrentUnit(name: unit.name, hash: unit.hash.hex, launched: false)
        statuses[unit.name] = statuses[unit.name] ?? UnitStatus(name: unit.name)
        fates[unit.name] = UnitFate()
        troubles[unit.name] = nil
    }

    private func reloadIfNeeded() async {
        guard mustReload else { return }
        mustReload = false
        do {
            try await systemd.daemonReload()
        } catch {
            mustReload = true
            logger.error("systemd does not reload its unit files", metadata: ["error": "\(error)"])
            retry(after: .seconds(1))
        }
    }

    // MARK: Unloading

    /// Stops the unit, waits for its end however long its `ExecStop` takes, and then takes it from systemd.
    private func unload(_ unit: String) {
        unloading.insert(unit)
        jobs.yield { [weak self, systemd, directory] in
            do {
                let isKnown = try await Self.unload(unit, systemd, directory)
                await self?.unloaded(unit, isStillKnown: isKnown)
            } catch {
                await self?.unloaded(unit, error)
            }
        }
    }

    /// - Returns: whether systemd knows the unit still, as it does where another one names it.
    private static func unload(
        _ unit: String,
        _ systemd: any SystemdManager,
        _ directory: UnitDirectory,
    ) async throws -> Bool {
        try await unlessUnloaded { () async throws(SystemdError) in _ = try await systemd.run(.stop, unit) }
        // The job may have ended in favour of another one: only a unit that is down may lose its file.
        let status = try await systemd.unitStatus(unit)
        if let status, !status.isDown {
            throw FleetError(.systemd, "\(unit) is still \(status.activeState) after it was stopped")
        }
        try await unlessUnloaded { () async throws(SystemdError) in
            _ = try await systemd.disableUnitFiles([unit], runtime: true)
        }
        try directory.remove(unit)
        try await systemd.resetFailedIfLoaded(unit)
        return try await systemd.unitStatus(unit) != nil
    }

    /// Does something with a unit; with one that systemd has not loaded there is nothing left to do.
    private static func unlessUnloaded(
        _ body: () async throws(SystemdError) -> Void
    ) async throws(SystemdError) {
        do {
            try await body()
        } catch {
            guard error.isUnitNotLoaded else { throw error }
        }
    }

    private func unloaded(_ unit: String, isStillKnown: Bool) {
        unloading.remove(unit)
        forgetFailures(unit)
        forget(unit)
        // systemd drops what is down and not named by others; reading all files anew takes it a tenth of a second.
        if isStillKnown { mustReload = true }
        wakeups.wake()
    }

    private func unloaded(_ unit: String, _ error: any Error) {
        unloading.remove(unit)
        failed(unit, "unload", error)
        wakeups.wake()
    }

    // MARK: Failures

    /// An action that failed earlier is tried without a pause from now on.
    func forgetFailures(_ unit: String) {
        notBefore[unit] = nil
        backoffs[unit] = nil
        failedWishes[unit] = nil
    }

    func failed(_ unit: String, _ what: String, _ error: any Error) {
        troubles[unit] = (error as? SystemdError)?.message ?? "\(error)"
        failedWishes[unit] = desired[unit]
        let pause = backoffs[unit, default: pauses].next()
        notBefore[unit] = .now + pause
        let metadata: Logger.Metadata = ["unit": "\(unit)", "error": "\(error)", "again in": "\(pause)"]
        logger.error("cannot \(what) a unit", metadata: metadata)
        retry(after: pause)
    }

    func retry(after pause: Duration) {
        jobs.yield { [wakeups] in
            do { try await Task.sleep(for: pause) } catch { return }
            wakeups.wake()
        }
    }
}
