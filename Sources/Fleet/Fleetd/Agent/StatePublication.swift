import Etcd
import FleetState
import Systemd

/// What etcd has to be told of this machine's units.
package enum StatePublication {
    /// - Parameters:
    ///   - known: what etcd has, by unit.
    ///   - lease: a state under another lease would end with that one, and is written again.
    /// - Returns: the differences by name.
    package static func changes(
        current: [String: CurrentUnit],
        statuses: [String: UnitStatus],
        known: [String: StoredState],
        lease: LeaseID,
    ) -> [StateChange] {
        Set(current.keys).union(known.keys).sorted().compactMap { name in
            guard let unit = current[name] else { return StateChange(unit: name, state: nil) }
            let status = statuses[name] ?? UnitStatus(name: name)
            let state = UnitState(
                loadState: status.loadState,
                activeState: status.activeState,
                subState: status.subState,
                hash: unit.hash,
                launched: unit.launched,
            )
            return known[name] == StoredState(state: state, lease: lease) ? nil : StateChange(unit: name, state: state)
        }
    }
}

extension FleetSnapshot {
    /// What etcd has of one machine's units, by unit.
    package func states(on machine: String) -> [String: StoredState] {
        states.compactMapValues { $0[machine] }
    }
}
