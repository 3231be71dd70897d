import FleetState
import Scheduling
import UnitFiles

/// One pass of the engine over the cluster: the writes after which every unit is where it belongs.
package struct EnginePass: Sendable, Equatable {
    /// At most one placement a unit, by name; none when all is well.
    package var placements: [Placement]
    /// The units among them that leave a machine on which they could stay for now. The next ones have to wait until
    /// these have settled.
    package var moving: Set<String> = []
    /// True where the load is as even as it can be, and was to be evened out once.
    package var endsRebalance = false

    /// - Parameters:
    ///   - mayEvict: whether units of machines that have gone may be placed elsewhere now.
    ///   - silent: machines among these whose units stay nevertheless.
    ///   - mayMove: whether a unit that could stay may move now.
    package init(_ snapshot: FleetSnapshot, mayEvict: Bool = true, silent: Set<String> = [], mayMove: Bool = true) {
        var cluster = snapshot.clusterState
        var decisions = schedule(cluster)
        let waiting = snapshot.unitsOfGoneMachines.filter {
            !mayEvict || silent.contains(snapshot.machine(of: $0) ?? "")
        }
        let kept = waiting.union(snapshot.unknownUnits)
        // The first unit, by name, that can leave a machine that is being drained.
        if let first = decisions.first(where: \.isEvacuation) {
            cluster.evacuating = mayMove ? cluster.companions(of: first.unit) : []
            moving = cluster.evacuating ?? []
            let some = schedule(cluster)
            // If it can only leave together with others, all leave at once.
            if !mayMove || some.contains(where: \.isEvacuation) {
                let stays = decisions.filter { if case .stays = $0 { true } else { false } }
                decisions = some.filter { if case .stays = $0 { false } else { true } } + stays
            } else {
                moving = Set(decisions.filter(\.isEvacuation).map(\.unit))
            }
        }
        placements = EnginePass.placements(decisions, snapshot, kept)
        guard placements.isEmpty, mayMove, snapshot.rebalance != .off else { return }
        let moves = rebalance(cluster)
        placements = EnginePass.placements(moves, snapshot, kept.union(snapshot.reasons.keys))
        moving = Set(moves.map(\.unit))
        endsRebalance = moves.isEmpty && snapshot.rebalance == .once
    }

    private static func placements(
        _ decisions: [Decision],
        _ snapshot: FleetSnapshot,
        _ kept: Set<String>,
    ) -> [Placement] {
        var leaving: Set<String> = []
        var coming: [String: String] = [:]
        var stuck: [String: String] = [:]
        for decision in decisions {
            switch decision {
            case .unschedule(let unit, _, _): leaving.insert(unit)
            case .schedule(let unit, let machine): coming[unit] = machine
            case .unplaceable(let unit, let reason): stuck[unit] = reason.description
            case .stays(let unit, _, let reason):
                stuck[unit] = "cannot leave the machine that is being drained: \(reason)"
            }
        }
        // Nothing is gained by taking a unit from a machine that has gone when no other takes it. If the machine only
        // could not be reached, the unit runs there all the time and is not to be stopped when the machine is back.
        leaving.subtract(snapshot.unitsOfGoneMachines.filter { stuck[$0] != nil })
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

extension Decision {
    fileprivate var isEvacuation: Bool {
        if case .unschedule(_, _, .refused(.draining)) = self { true } else { false }
    }
}

extension FleetSnapshot {
    /// Wanted units that are scheduled to a machine that is not present.
    package var unitsOfGoneMachines: Set<String> {
        Set(schedule.filter { machines[$0.value.value] == nil && target(of: $0.key) != .inactive }.map(\.key))
    }

    /// Wanted units that are to run on one machine and are on none that is present.
    var homelessUnits: Set<String> {
        Set(
            units.keys.filter { name in
                target(of: name) != .inactive && units[name]?.requirements.isGlobal != true
                    && machine(of: name).flatMap { machines[$0] } == nil
            }
        )
    }

    /// Returns whether a unit that was moved has come to rest, well or badly: its new machine has started it, and its
    /// old one has stopped it.
    package func hasSettled(_ unit: String) -> Bool {
        guard let machine = machine(of: unit), units[unit] != nil else { return true }
        guard states[unit]?.keys.contains(where: { $0 != machine }) != true else { return false }
        guard target(of: unit) == .launched else {
            return states[unit]?[machine] != nil || target(of: unit) == .inactive
        }
        guard let state = states[unit]?[machine]?.state, state.launched else { return false }
        return state.activeState != "activating" || state.subState.hasPrefix("auto-restart")
    }
}
