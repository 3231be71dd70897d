import Etcd
import UnitFiles

/// All of fleet's state at one revision of etcd.
package struct FleetSnapshot: Sendable, Equatable {
    /// etcd's revision of the snapshot.
    package internal(set) var revision: Int64
    /// Units by name.
    package internal(set) var units: [String: StoredUnit] = [:]
    /// State wanted of each unit, by name.
    package internal(set) var desired: [String: Versioned<TargetState>] = [:]
    /// Unit to machine id.
    package internal(set) var schedule: [String: Versioned<String>] = [:]
    /// Unit to the reason why it is on no machine.
    package internal(set) var reasons: [String: String] = [:]
    /// Machines by ID.
    package internal(set) var machines: [String: StoredMachine] = [:]
    /// Machines that said that they leave, and have; of those that went while this was not watched, nothing is known.
    package internal(set) var left: Set<String> = []
    /// Machine id to metadata set through the API; an empty value removes.
    package internal(set) var metadata: [String: [String: String]] = [:]
    /// Ids of machines that are being drained; they need not be present.
    package internal(set) var draining: Set<String> = []
    /// Setting of the engine's spreading.
    package internal(set) var rebalance = RebalanceMode.off
    /// Updates that run or have ended, by the name of the unit or template.
    package internal(set) var updates: [String: Versioned<UpdateRecord>] = [:]
    /// Unit to machine id to state.
    package internal(set) var states: [String: [String: StoredState]] = [:]
    /// Machine whose engine leads; nil for none.
    package internal(set) var leader: EngineLeader?
    /// Keys whose values could not be understood, and why. What they had before still counts.
    package internal(set) var malformed: [String: String] = [:]

    package init(revision: Int64 = 0) {
        self.revision = revision
    }
}

extension FleetSnapshot {
    /// Units whose text or wish is not understood, as when a newer fleet has written it: nothing is to be done about
    /// them.
    package var unknownUnits: Set<String> {
        Set(
            malformed.keys.compactMap { key in
                let parts = key.split(separator: "/").suffix(2).map(String.init)
                return parts.first == "unit" || parts.first == "desired" ? parts.last : nil
            }
        )
    }

    /// State wanted of a unit; inactive where nothing is.
    package func target(of unit: String) -> TargetState { desired[unit]?.value ?? .inactive }

    /// Machine on which a unit is scheduled; nil for none.
    package func machine(of unit: String) -> String? { schedule[unit]?.value }

    /// The unit's machine, unless that has gone and no other takes the unit.
    package func presentMachine(of unit: String) -> String? {
        machine(of: unit).flatMap { machines[$0] == nil && reasons[unit] != nil ? nil : $0 }
    }

    /// State that the unit has reached on the machine it is scheduled to, as fleet's API reports it.
    package func currentState(of unit: String) -> TargetState {
        guard let machine = machine(of: unit), let state = states[unit]?[machine]?.state else { return .inactive }
        // A start that was asked for since, of a unit that failed or got another text, is still to come.
        let isAsked = target(of: unit) == .launched && state.answered ?? .max < desired[unit]?.revision ?? 0
        return state.launched && !isAsked ? .launched : .loaded
    }

    /// Reason why a unit has not reached its wanted state: it is on no machine, or on one whose systemd refuses it.
    package func reason(of unit: String) -> String? {
        if unknownUnits.contains(unit) { return "what etcd says of it is not understood: this fleetd cannot act" }
        if let reason = reasons[unit] { return reason }
        guard let machine = machine(of: unit), let state = states[unit]?[machine]?.state else { return nil }
        return currentState(of: unit) < target(of: unit) ? state.reason : nil
    }

    /// The machine's metadata: its own, with what was set through the API over it.
    package func metadata(of machine: String) -> [String: String] {
        let own = machines[machine]?.record.metadata ?? [:]
        return own.merging(metadata[machine] ?? [:]) { $1 }.filter { !$0.value.isEmpty }
    }
}
