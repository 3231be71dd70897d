import FleetState
import Logging
import Systemd
import UnitFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Details of units beside their states, and their publication in etcd.
extension Agent {
    /// The units to tell of: those that are loaded, and those that the machine refuses.
    func shown(_ snapshot: FleetSnapshot) -> [String: CurrentUnit] {
        refused.formIntersection(desired.keys)
        return refused.reduce(into: current) { shown, name in
            let hash = snapshot.units[name]?.hash.hex ?? ""
            shown[name] = shown[name] ?? CurrentUnit(name: name, hash: hash, launched: false)
        }
    }

    /// Statuses without those of the machine's own units, which say nothing of fleet's.
    var shownStatuses: [String: UnitStatus] { statuses.filter { !refused.contains($0.key) } }

    func details(_ snapshot: FleetSnapshot) -> [String: StatePublication.Detail] {
        var details: [String: StatePublication.Detail] = [:]
        for (name, unit) in shown(snapshot) { details[name] = detail(name, unit, snapshot) }
        return details
    }

    private func detail(_ name: String, _ unit: CurrentUnit, _ snapshot: FleetSnapshot) -> StatePublication.Detail {
        if refused.contains(name) {
            return StatePublication.Detail(loadState: "error", reason: troubles[name], answered: answered[name])
        }
        let status = statuses[name] ?? UnitStatus(name: name)
        let trouble = status.isUp ? nil : troubles[name]
        let loadState = status.isDown ? loadStates[name] : nil
        let address = status.activeState == "active" ? directory.announcedAddress(of: name) : nil
        guard unit.launched else {
            return StatePublication.Detail(
                loadState: loadState,
                reason: trouble,
                answered: answered[name],
                address: address,
            )
        }
        let (outcome, reason) = verdict(name, status, snapshot)
        return StatePublication.Detail(
            loadState: loadState,
            outcome: outcome,
            reason: reason ?? trouble,
            answered: answered[name],
            address: address,
        )
    }

    func verdict(
        _ unit: String,
        _ status: UnitStatus,
        _ snapshot: FleetSnapshot? = nil,
    ) -> (outcome: UnitState.Outcome?, reason: String?) {
        let stored = (snapshot ?? watch.snapshot)?.units[unit]
        return fates[unit, default: UnitFate()].verdict(
            status,
            hasConditions: stored?.hasConditions ?? false,
            isOneshot: stored?.isOneshot ?? false,
        )
    }

    /// Forgets all about a unit that is gone.
    func forget(_ unit: String) {
        (current[unit], statuses[unit], fates[unit], answered[unit]) = (nil, nil, nil, nil)
        (troubles[unit], loadStates[unit]) = (nil, nil)
        stoppedWithOthers.remove(unit)
    }

    func forgetFailuresOfOtherWishes() {
        for (unit, wish) in failedWishes {
            let now = desired[unit]
            guard now?.hash != wish.hash || now?.launched != wish.launched || now?.revision != wish.revision else {
                continue
            }
            forgetFailures(unit)
            troubles[unit] = nil
        }
    }

    // MARK: Asking systemd

    /// Returns false where the machine has a unit of that name of its own, which would be replaced by fleet's or would
    /// run in its place.
    func isOurs(_ unit: String) async -> Bool {
        do {
            refused.remove(unit)
            guard try await systemd.unitFileState(unit) != nil else { return true }
            let path = try await systemd.unitProperty("FragmentPath", interface: "Unit", of: unit)
            guard case .string(let path) = path, !path.isEmpty, path != directory.file(unit) else { return true }
            if directory.isLink(path, to: unit) { return true }
            refused.insert(unit)
            let text = "the machine has a unit of that name of its own, \(path)"
            failed(unit, "load", FleetError(.systemd, text))
        } catch {
            failed(unit, "load", error)
        }
        return false
    }

    /// Returns whether systemd does not find the unit itself, rather than one that it needs.
    func isUnknown(_ unit: String) async -> Bool {
        do {
            return try await systemd.unitProperty("LoadState", interface: "Unit", of: unit) == .string("not-found")
        } catch {
            logger.warning("cannot read a unit's properties", metadata: ["unit": "\(unit)", "error": "\(error)"])
            return false
        }
    }

    /// Finds out what systemd makes of a unit's file.
    func inspect(_ unit: String) async {
        do {
            let load = try await systemd.unitProperty("LoadState", interface: "Unit", of: unit)
            guard case .string(let state) = load, state != "loaded" else { return loadStates[unit] = nil }
            loadStates[unit] = state
            let error = try await systemd.unitProperty("LoadError", interface: "Unit", of: unit)
            guard case .strings(let words) = error, let text = words.last, !text.isEmpty else { return }
            troubles[unit] = text
        } catch {
            logger.warning("cannot read a unit's properties", metadata: ["unit": "\(unit)", "error": "\(error)"])
        }
    }

    /// Finds out why units have failed whose end was not heard.
    func askWhyFailed() async {
        for unit in Array(current.keys) where statuses[unit]?.activeState == "failed" && troubles[unit] == nil {
            await askWhyFailed(unit)
        }
    }

    /// Finds out why a unit has failed. systemd keeps that of a failed unit.
    func askWhyFailed(_ unit: String) async {
        let type = unit.split(separator: ".").last.map(String.init) ?? ""
        guard Self.typesWithResult.contains(type) else { return }
        let interface = type.prefix(1).uppercased() + type.dropFirst()
        do {
            let result = try await systemd.unitProperty("Result", interface: interface, of: unit)
            guard case .string(let word) = result, word != "success" else { return }
            let end = type == "service" ? try await end(of: unit, result: word) : nil
            let text = "result '\(word)'" + (end.map { ", \($0)" } ?? "")
            if statuses[unit]?.activeState == "failed" { troubles[unit] = text }
        } catch {
            logger.debug("cannot read why a unit failed", metadata: ["unit": "\(unit)", "error": "\(error)"])
        }
        wakeups.wake()
    }

    /// Exit status or signal of a service's main process; nil when that is not what failed it.
    private func end(of unit: String, result: String) async throws(SystemdError) -> String? {
        guard ["exit-code", "signal", "core-dump"].contains(result) else { return nil }
        let code = try await systemd.unitProperty("ExecMainCode", interface: "Service", of: unit)
        let status = try await systemd.unitProperty("ExecMainStatus", interface: "Service", of: unit)
        guard case .signed(let number) = status, number != 0 else { return nil }
        return switch (result, code) {
        case ("exit-code", .signed(Self.exited)): "exit status \(number)"
        case ("signal", .signed(Self.killed)), ("core-dump", .signed(Self.dumped)): "signal \(number)"
        default: nil
        }
    }

    // How a child ended, from Linux' <signal.h>: CLD_EXITED, CLD_KILLED, CLD_DUMPED.
    private static let (exited, killed, dumped): (Int64, Int64, Int64) = (1, 2, 3)

    private static let typesWithResult: Set<String> = [
        "service", "socket", "mount", "automount", "swap", "timer", "path", "scope",
    ]
}
