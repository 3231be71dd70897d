import FleetState
import Logging
import Systemd

/// Starting and stopping, and what comes of it.
extension Agent {
    func start(_ unit: String) async {
        guard current[unit] != nil, isFree(unit) else { return }
        do {
            // A unit that was started too often is not started again before its failures are forgotten.
            if statuses[unit]?.activeState == "failed" { try await systemd.resetFailedIfLoaded(unit) }
            // Forgotten before the start: why that failed may be heard before the answer that names its job.
            troubles[unit] = nil
            let job = try await systemd.enqueue(.start, unit)
            current[unit]?.launched = true
            fates[unit, default: UnitFate()].startQueued(job)
            noteStart(unit)
            forgetFailures(unit)
        } catch {
            // Its link may be gone, or a unit that it needs: only the first is mended by loading it again.
            if error.isUnitNotLoaded, await isUnknown(unit) { current[unit]?.hash = "" }
            failed(unit, "start", error)
        }
        answered[unit] = desired[unit]?.revision
        stoppedWithOthers.remove(unit)
        recallDependents(of: unit)
    }

    private func noteStart(_ unit: String) {
        guard fates[unit]?.isStarting == true, startedJustNow.insert(unit).inserted else { return }
        jobs.yield { [weak self, patience] in
            do { try await Task.sleep(for: patience) } catch { return }
            await self?.startTakesLong(unit)
        }
    }

    /// The unit's start, unless it has ended, is told from now on.
    private func startTakesLong(_ unit: String) {
        startedJustNow.remove(unit)
        if fates[unit]?.isStarting == true { wakeups.wake() }
    }

    func stop(_ unit: String) async {
        do {
            stopping.insert(unit)
            try await systemd.enqueue(.stop, unit)
        } catch  where error.isUnitNotLoaded {
            stopped(unit)
        } catch {
            stopping.remove(unit)
            failed(unit, "stop", error)
        }
    }

    private func stopped(_ unit: String) {
        stopping.remove(unit)
        stoppedWithOthers.remove(unit)
        current[unit]?.launched = false
        fates[unit] = UnitFate()
        forgetFailures(unit)
        if statuses[unit]?.activeState != "failed" { troubles[unit] = nil }
    }

    /// Takes units for stopped that are so in a list, as the ends of their jobs may not have been heard.
    func finishStops() {
        for unit in stopping where statuses[unit].map({ $0.isDown && $0.job == nil }) ?? true { stopped(unit) }
    }

    func jobEnded(_ unit: String, _ job: String, _ result: JobResult) async {
        do {
            // What was heard of the unit may be older than the end of the job.
            let status = try await systemd.unitStatus(unit) ?? UnitStatus(name: unit)
            guard current[unit] != nil, !unloading.contains(unit) else { return }
            hear(status)
            if status.activeState == "failed" { await askWhyFailed(unit) }
            if stopping.contains(unit) {
                if status.isDown {
                    stopped(unit)
                } else {
                    stopping.remove(unit)
                    let text = "\(unit) is still \(status.activeState) after its stop job has ended: \(result)"
                    failed(unit, "stop", FleetError(.systemd, text))
                }
            } else {
                fates[unit]?.jobEnded(job, result)
                noteStopWithOthers(unit)
            }
        } catch {
            logger.warning("the end of a job is not understood", metadata: ["unit": "\(unit)", "error": "\(error)"])
            retry(after: .seconds(1))
        }
        wakeups.wake()
    }

    // MARK: Units that are bound to others

    /// Remembers which running units systemd is going to stop together with one.
    func noteDependents(of unit: String) {
        for (name, other) in desired where other.boundTo.contains(unit) && name != unit {
            guard current[name]?.launched == true, statuses[name]?.isUp == true,
                stoppedWithOthers.insert(name).inserted
            else { continue }
            noteDependents(of: name)
        }
    }

    /// Marks units that systemd, rather than fleet, stopped together with this one, so that they are started with it.
    private func recallDependents(of unit: String) {
        for name in desired.keys where desired[name]?.boundTo.contains(unit) == true && isStopped(name) {
            stoppedWithOthers.insert(name)
        }
    }

    /// A unit that somebody else's job has stopped while one it is bound to is down was stopped with that one.
    private func noteStopWithOthers(_ unit: String) {
        guard let wish = desired[unit], wish.launched, statuses[unit]?.isDown == true else { return }
        if wish.boundTo.contains(where: { !isUp($0) }) { stoppedWithOthers.insert(unit) }
    }

    private func isUp(_ unit: String) -> Bool {
        guard current[unit]?.launched == true, !stopping.contains(unit), !unloading.contains(unit) else { return false }
        if fates[unit]?.isStarting == true { return true }
        return statuses[unit].map { $0.isUp && !$0.subState.hasPrefix("auto-restart") } ?? false
    }

    /// Returns whether a launched unit is down though it has not ended by itself.
    private func isStopped(_ unit: String) -> Bool {
        guard desired[unit]?.launched == true, current[unit]?.launched == true, isFree(unit) else { return false }
        guard let status = statuses[unit], status.isDown else { return false }
        return verdict(unit, status).outcome == .stopped
    }

    /// Starts launched units that are down: those somebody has asked for again, and those that were stopped with
    /// others which are up by now.
    func startAgain() async {
        let names = desired.keys.filter { isLaunchedHere($0) }
        for name in StartOrder.sorted(Array(names), after: { startsAfter($0) }) {
            if mustReturn(name) { await start(name) }
        }
    }

    private func startsAfter(_ unit: String) -> Set<String> { desired[unit]?.after ?? [] }

    private func isLaunchedHere(_ unit: String) -> Bool {
        guard let wish = desired[unit], let here = current[unit] else { return false }
        return wish.launched && here.launched && here.hash == wish.hash && isFree(unit)
    }

    private func mustReturn(_ unit: String) -> Bool {
        guard let wish = desired[unit], let status = statuses[unit] else { return false }
        let isAsked = wish.revision > (answered[unit] ?? 0)
        if isAsked { answered[unit] = wish.revision }
        guard status.isDown, fates[unit]?.isStarting != true else { return false }
        if isAsked { return verdict(unit, status).outcome != .done }
        return stoppedWithOthers.contains(unit) && !wish.boundTo.isEmpty && wish.boundTo.allSatisfy { isUp($0) }
    }
}
