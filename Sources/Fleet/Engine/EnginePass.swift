import FleetRegistry
import Scheduling

/// One look of the engine at the cluster: what to write so that every unit is where it belongs.
package enum EnginePass {
    /// - Parameter mayEvict: whether units of machines that have gone may be placed elsewhere now.
    /// - Returns: at most one placement a unit, by name; none when all is well.
    package static func placements(_ snapshot: FleetSnapshot, mayEvict: Bool = true) -> [Placement] {
        var leaving: Set<String> = []
        var coming: [String: String] = [:]
        var stuck: [String: String] = [:]
        for decision in schedule(snapshot.clusterState) {
            switch decision {
            case .unschedule(let unit, _, _): leaving.insert(unit)
            case .schedule(let unit, let machine): coming[unit] = machine
            case .unplaceable(let unit, let reason): stuck[unit] = reason.description
            }
        }
        let kept = mayEvict ? [] : snapshot.unitsOfGoneMachines
        let units = leaving.union(coming.keys).union(stuck.keys).union(snapshot.reasons.keys).subtracting(kept)
        return units.sorted().flatMap { unit -> [Placement] in
            if let machine = coming[unit] {
                return [Placement(unit: unit, leaving.contains(unit) ? .move(to: machine) : .place(on: machine))]
            }
            // A removal changes the unit's schedule; its reason is written on the next look.
            if leaving.contains(unit) { return [Placement(unit: unit, .remove)] }
            guard snapshot.reasons[unit] != stuck[unit] else { return [] }
            return [Placement(unit: unit, .explain(stuck[unit]))]
        }
    }
}

extension FleetSnapshot {
    /// Wanted units that are scheduled to a machine that is not present.
    package var unitsOfGoneMachines: Set<String> {
        Set(schedule.filter { machines[$0.value.value] == nil && target(of: $0.key) != .inactive }.map(\.key))
    }
}
