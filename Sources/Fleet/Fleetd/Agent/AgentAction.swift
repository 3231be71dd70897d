/// One thing to do with systemd. Actions are done in the order of their kinds, and within a kind by name.
package enum AgentAction: Sendable, Equatable, Hashable {
    /// Reason why a unit is loaded, unloaded, started or stopped.
    package enum Reason: String, Sendable, Hashable {
        case notWanted = "it is not wanted here"
        case otherText = "its text has changed"
        case wantedHere = "it is wanted here"
        case wantedLaunched = "it is wanted launched"
        case wantedLoaded = "it is wanted loaded only"
    }

    /// Stop it and take it from systemd.
    case unload(String, Reason)
    /// Write its file and make it known to systemd.
    case load(String, Reason)
    /// Let systemd read the unit files again.
    case reload
    case stop(String, Reason)
    case start(String, Reason)

    /// `nil` for an action that is about all units.
    package var unit: String? {
        switch self {
        case .unload(let unit, _), .load(let unit, _), .stop(let unit, _), .start(let unit, _): unit
        case .reload: nil
        }
    }

    private var rank: Int {
        switch self {
        case .unload: 0
        case .load: 1
        case .reload: 2
        case .stop: 3
        case .start: 4
        }
    }
}

extension AgentAction: Comparable {
    package static func < (lhs: AgentAction, rhs: AgentAction) -> Bool {
        (lhs.rank, lhs.unit ?? "") < (rhs.rank, rhs.unit ?? "")
    }
}

extension AgentAction: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unload(let unit, let reason): "unload \(unit): \(reason.rawValue)"
        case .load(let unit, let reason): "load \(unit): \(reason.rawValue)"
        case .reload: "reload"
        case .stop(let unit, let reason): "stop \(unit): \(reason.rawValue)"
        case .start(let unit, let reason): "start \(unit): \(reason.rawValue)"
        }
    }
}
