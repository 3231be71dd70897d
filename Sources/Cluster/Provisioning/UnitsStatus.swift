import Basics
import Planning
import TopologyModel
import UnitFiles

/// Progress of the wanted units, judged from fleet's state.
package struct UnitsStatus: Sendable, Hashable {
    /// Units not yet in the state wanted, with what is known of each.
    package var pending: [String: String] = [:]
    /// Units whose systemd state is `failed` somewhere.
    package var failed: [String: String] = [:]
    /// Number of units.
    package var total: Int

    /// Compares planned units with what fleet has.
    package init(_ units: [UnitPlan], seen: ObservedFleet) {
        total = units.count
        for unit in units {
            guard let present = seen.units[unit.name] else {
                pending[unit.name] = "fleet does not have it"
                continue
            }
            judge(unit, present)
        }
    }

    /// True when all units are as wanted.
    package var isDone: Bool { pending.isEmpty && failed.isEmpty }
    /// True when waiting longer is of no use: something failed, and nothing else is still on its way.
    package var isHopeless: Bool { pending.isEmpty && !failed.isEmpty }

    /// Description for people.
    package var summary: String {
        let open = pending.map { "\($0.key) (\($0.value))" } + failed.map { "\($0.key) (\($0.value))" }
        return
            "\(total - pending.count - failed.count) of \(total) as wanted; \(open.naturallySorted().joined(separator: ", "))"
    }

    private mutating func judge(_ unit: UnitPlan, _ present: ObservedFleet.Unit) {
        guard present.desiredState == unit.desiredState else {
            pending[unit.name] = "wanted \(present.desiredState.rawValue)"
            return
        }
        guard unit.desiredState == .launched else { return }
        if let reason = present.reason {
            pending[unit.name] = reason
        } else if let machine = present.states.filter({ $0.value == "failed" }).keys.min() {
            failed[unit.name] = "failed on \(machine.prefix(8))"
        } else if let missing = unit.everywhere?.first(where: { present.states[$0] == nil }) {
            pending[unit.name] = "not on \(missing.prefix(8)) yet"
        } else if unit.everywhere == nil, present.states.isEmpty {
            pending[unit.name] = "not placed yet"
        } else if let state = present.states.filter({ !present.isWell(on: $0.key) }).values.min() {
            pending[unit.name] = state
        }
    }
}
