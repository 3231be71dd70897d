/// One thing to do about one unit.
package enum Decision: Sendable, Hashable {
    /// Reason why a unit leaves its machine.
    package enum Departure: Sendable, Hashable {
        case unitGone
        case unitGlobal
        case unitInactive
        case machineGone
        /// Another machine has less load.
        case balancing
        /// The machine no longer takes it.
        case refused(Refusal)
    }

    /// Put the unit on the machine. It is on none now, or an `unschedule` of it precedes.
    case schedule(unit: String, machine: String)
    /// Take the unit from the machine.
    case unschedule(unit: String, machine: String, Departure)
    /// The unit is wanted on a machine and none takes it.
    case unplaceable(unit: String, Unplaceable)
    /// The unit stays on a machine that is being drained, because no other takes it.
    case stays(unit: String, machine: String, Unplaceable)

    /// Unit that the decision is about.
    package var unit: String {
        switch self {
        case .schedule(let unit, _), .unschedule(let unit, _, _), .unplaceable(let unit, _),
            .stays(let unit, _, _):
            unit
        }
    }
}

extension Decision.Departure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unitGone: "the unit was destroyed"
        case .unitGlobal: "the unit is global now"
        case .unitInactive: "the unit is to be inactive"
        case .machineGone: "the machine went away"
        case .balancing: "another machine has less load"
        case .refused(let refusal): refusal.description
        }
    }
}

extension Decision: CustomStringConvertible {
    package var description: String {
        switch self {
        case .schedule(let unit, let machine): "schedule \(unit) on \(machine.prefix(8))"
        case .unschedule(let unit, let machine, let departure):
            "unschedule \(unit) from \(machine.prefix(8)): \(departure)"
        case .unplaceable(let unit, let reason): "\(unit) fits nowhere: \(reason)"
        case .stays(let unit, let machine, let reason): "\(unit) stays on \(machine.prefix(8)): \(reason)"
        }
    }
}
