import FleetAPI
import Scheduling
import UnitFiles

extension UnitOperations {
    /// Follows the unit until it is where it should be.
    ///
    /// - Returns: the machine it is on; nil for none.
    /// - Throws: `FleetctlError` when it will not come there, or the time is up.
    func settle(_ unit: UnitWait) async throws -> String? {
        var unit = unit
        var trouble: FleetctlError?
        for attempt in 0..<wait.attempts {
            if attempt > 0 { try await context.pause.sleep(wait.interval) }
            let seen: APIUnit?
            do {
                seen = try await client.unit(unit.unit)
                trouble = nil
            } catch let error as FleetctlError {
                // fleet may be without etcd for a moment; what it was told is not lost.
                trouble = error
                continue
            }
            switch unit.saw(seen) {
            case .wait: continue
            case .done(let machineID): return machineID
            case .fail(let reason): throw FleetctlError(.notPlaced, reason)
            }
        }
        throw FleetctlError(
            .timedOut,
            "timed out waiting for unit \(unit.unit) to report state \(unit.target.rawValue) after \(seconds(wait.limit)); "
                + "fleetctl list-unit-files shows what fleet wants of it",
            cause: trouble,
        )
    }

    /// Follows systemd's state of a launched unit until it runs, or has finished.
    func settleRunning(_ unit: UnitWait) async throws {
        var unit = unit
        var last: APIUnitState?
        for attempt in 0..<wait.attempts {
            if attempt > 0 { try await context.pause.sleep(wait.interval) }
            last = try await client.states(of: unit.unit).first { $0.name == unit.unit }
            switch unit.saw(state: last) {
            case .wait: continue
            case .done: return
            case .fail(let reason): throw FleetctlError(.refused, reason)
            }
        }
        let active = [last?.systemdActiveState, last?.systemdSubState].compactMap(\.self).joined(separator: "/")
        throw FleetctlError(
            .timedOut,
            "unit \(unit.unit) is launched, but after \(seconds(wait.limit)) it is "
                + "\(active.isEmpty ? "not reported by its machine" : "still \(active)"); "
                + "fleetctl journal -f \(unit.unit) shows what it does",
        )
    }

    private func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return attoseconds == 0 ? "\(seconds) s" : "\(seconds).\(attoseconds / 100_000_000_000_000_000) s"
    }
}
