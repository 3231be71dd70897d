import FleetState
import UnitFiles

/// Health of a unit with a certain text.
package enum UnitHealth: Sendable, Equatable {
    /// There is no such unit any more.
    case gone
    /// Its text is another one.
    case changed
    /// It is not to run, or is a template, so that it cannot prove itself.
    case notWanted
    /// Not yet; what it is instead.
    case coming(String)
    case well
    /// It will not be; why.
    case bad(String)
}

extension FleetSnapshot {
    /// Health of a unit that is to have a text with this hash.
    package func health(of unit: String, hash: String) -> UnitHealth {
        guard let stored = units[unit] else { return .gone }
        guard stored.hash.hex == hash else { return .changed }
        guard target(of: unit) == .launched else { return .notWanted }
        if stored.requirements.isGlobal { return healthEverywhere(stored) }
        guard let machine = machine(of: unit) else { return .coming(reasons[unit] ?? "is on no machine") }
        return Self.health(states[unit]?[machine]?.state, stored)
    }

    /// A global unit is as well as it is on the machine where it fares worst.
    private func healthEverywhere(_ unit: StoredUnit) -> UnitHealth {
        let all = (states[unit.name] ?? [:]).sorted { $0.key < $1.key }.map { Self.health($0.value.state, unit) }
        let bad = all.first { if case .bad = $0 { true } else { false } }
        let coming = all.first { if case .coming = $0 { true } else { false } }
        return bad ?? coming ?? .well
    }

    private static func health(_ state: UnitState?, _ unit: StoredUnit) -> UnitHealth {
        guard let state, state.hash == unit.hash.hex, state.launched else {
            return .coming(state?.reason.map { "is not started: \($0)" } ?? "is not started")
        }
        switch state.activeState {
        case "active", "reloading": return .well
        case "failed": return .bad(state.reason.map { "failed: \($0)" } ?? "failed")
        case "activating" where state.subState.hasPrefix("auto-restart"): return .bad("ended and is being restarted")
        case "inactive" where state.outcome == .stopped: return .bad(state.reason ?? "is not running")
        case "inactive" where state.endedWell(isOneshot: unit.isOneshot): return .well
        default: return .coming("is \(state.activeState) (\(state.subState))")
        }
    }
}
