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
            case .unload(let unit, _): unload(unit)
            case .load(let unit, _):
                // A unit that is being unloaded is loaded again when that has ended.
                if !unloading.contains(unit), let stored = snapshot.units[unit] { loads.append(stored) }
            case .reload:
                await load(loads)
            case .stop(let unit, _): await stop(unit)
            case .start(let unit, _): await start(unit)
            }
        }
        await reloadIfNeeded()
    }

    // MARK: Loading

    /// Writes the files of all units, then makes them known to systemd in one go.
    private func load(_ units: [StoredUnit]) async {
        let written = units.filter { unit in
            attempt(unit.name) { () throws(FleetError) in try directory.write(unit.name, unit.file.canonicalText) }
        }
        guard !written.isEmpty else { return }
        do {
            try await link(written)
            for unit in written { loaded(unit) }
        } catch {
            // One of them is at fault: find out which.
            for unit in written {
                do {
                    try await link([unit])
                    loaded(unit)
                } catch {
                    failed(unit.name, "link", error)
                }
            }
        }
        mustReload = true
        await reloadIfNeeded()
    }

    private func link(_ units: [StoredUnit]) async throws(SystemdError) {
        try await systemd.linkUnitFiles(units.map { directory.file($0.name) }, runtime: true, force: true)
        let installable = units.filter { $0.file.has(section: "Install") }.map(\.name)
        if !installable.isEmpty { try await systemd.enableUnitFiles(installable, runtime: true, force: true) }
    }

    private func loaded(_ unit: StoredUnit) {
        succeeded(unit.name)
        current[unit.name] = CurrentUnit(name: unit.name, hash: unit.hash.hex, launched: false)
        statuses[unit.name] = statuses[unit.name] ?? UnitStatus(name: unit.name)
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

    // MARK: Starting and stopping

    private func start(_ unit: String) async {
        guard current[unit] != nil, !unloading.contains(unit) else { return }
        do {
            try await systemd.enqueue(.start, unit)
            current[unit]?.launched = true
            succeeded(unit)
        } catch  where error.isUnitNotLoaded {
            // Its file was written but never linked, or somebody removed the link: load it again.
            current[unit] = nil
            failed(unit, "start", error)
        } catch {
            failed(unit, "start", error)
        }
    }

    private func stop(_ unit: String) async {
        do {
            try await systemd.enqueue(.stop, unit)
            current[unit]?.launched = false
            succeeded(unit)
        } catch  where error.isUnitNotLoaded {
            current[unit]?.launched = false
        } catch {
            failed(unit, "stop", error)
        }
    }

    // MARK: Unloading

    /// Stops the unit, waits for its end however long its `ExecStop` takes, and then takes it from systemd.
    private func unload(_ unit: String) {
        unloading.insert(unit)
        jobs.yield { [weak self, systemd, directory] in
            do {
                try await Self.unload(unit, systemd, directory)
                await self?.unloaded(unit, nil)
            } catch {
                await self?.unloaded(unit, error)
            }
        }
    }

    private static func unload(
        _ unit: String,
        _ systemd: any SystemdManager,
        _ directory: UnitDirectory,
    ) async throws {
        do {
            try await systemd.run(.stop, unit)
        } catch  where error.isUnitNotLoaded {}
        do {
            try await systemd.disableUnitFiles([unit], runtime: true)
        } catch  where error.isUnitNotLoaded {}
        try directory.remove(unit)
        try await systemd.resetFailedIfLoaded(unit)
    }

    private func unloaded(_ unit: String, _ error: (any Error)?) {
        unloading.remove(unit)
        if let error {
            failed(unit, "unload", error)
        } else {
            succeeded(unit)
            (current[unit], statuses[unit]) = (nil, nil)
            mustReload = true
        }
        wakeups.wake()
    }

    // MARK: Failures

    private func attempt(_ unit: String, _ body: () throws(FleetError) -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            failed(unit, "write", error)
            return false
        }
    }

    private func succeeded(_ unit: String) {
        (notBefore[unit], backoffs[unit]) = (nil, nil)
    }

    private func failed(_ unit: String, _ what: String, _ error: any Error) {
        let pause = backoffs[unit, default: Backoff(from: .milliseconds(500), to: .seconds(30))].next()
        notBefore[unit] = .now + pause
        let metadata: Logger.Metadata = ["unit": "\(unit)", "error": "\(error)", "again in": "\(pause)"]
        logger.error("cannot \(what) a unit", metadata: metadata)
        retry(after: pause)
    }

    private func retry(after pause: Duration) {
        jobs.yield { [wakeups] in
            do { try await Task.sleep(for: pause) } catch { return }
            wakeups.wake()
        }
    }
}
