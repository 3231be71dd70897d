import Basics
import Etcd
import FleetState
import Systemd

/// Changes of this machine's unit states that etcd does not have yet.
package enum StatePublication {
    /// Details of a unit beside its state.
    package struct Detail: Sendable, Equatable {
        /// Load state that systemd reports, where it is not the one in the status.
        package var loadState: String?
        /// Outcome of the unit, where it is inactive.
        package var outcome: UnitState.Outcome?
        /// Reason why it is not as it is wanted; nil when it is.
        package var reason: String?
        /// etcd's revision of the wish that was acted on last.
        package var answered: Int64?
        /// Address that the unit has announced, where it is active.
        package var address: IPv4Address?

        package init(
            loadState: String? = nil,
            outcome: UnitState.Outcome? = nil,
            reason: String? = nil,
            answered: Int64? = nil,
            address: IPv4Address? = nil,
        ) {
            self.loadState = loadState
            self.outcome = outcome
            self.reason = reason
            self.answered = answered
            self.address = address
        }
    }

    /// - Parameters:
    ///   - known: what etcd has, by unit.
    ///   - starting: units that are about to have another state: nothing is told of them for the first time.
    ///   - lease: a state under another lease would end with that one, and is written again.
    /// - Returns: the differences by name.
    package static func changes(
        current: [String: CurrentUnit],
        statuses: [String: UnitStatus],
        details: [String: Detail] = [:],
        known: [String: StoredState],
        starting: Set<String> = [],
        lease: LeaseID,
    ) -> [StateChange] {
        Set(current.keys).union(known.keys).sorted().compactMap { name in
            guard let unit = current[name] else { return StateChange(unit: name, state: nil) }
            if known[name] == nil, starting.contains(name) { return nil }
            let status = statuses[name] ?? UnitStatus(name: name)
            let detail = details[name]
            let state = UnitState(
                loadState: detail?.loadState ?? status.loadState,
                activeState: status.activeState,
                subState: status.subState,
                hash: unit.hash,
                launched: unit.launched,
                outcome: detail?.outcome,
                reason: detail?.reason,
                answered: detail?.answered,
                address: detail?.address,
            )
            return known[name] == StoredState(state: state, lease: lease) ? nil : StateChange(unit: name, state: state)
        }
    }
}

extension FleetSnapshot {
    /// States of one machine's units in etcd, by unit.
    package func states(on machine: String) -> [String: StoredState] {
        states.compactMapValues { $0[machine] }
    }
}
