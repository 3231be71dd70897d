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
    /// Keys whose values could not be understood, and why. They count as missing.
    package internal(set) var malformed: [String: String] = [:]

    package init(revision: Int64 = 0) {
        self.revision = revision
    }
}

extension FleetSnapshot {
    /// State wanted of a unit; inactive where nothing is.
    package func target(of unit: String) -> TargetState { desired[unit]?.value ?? .inactive }

    /// Machine on which a unit is scheduled; nil for none.
    package func machine(of unit: String) -> String? { schedule[unit]?.value }

    /// The unit's machine, unless that has gone and no other takes the unit.
    package func presentMachine(of unit: String) -> String? {
        machine(of: unit).flatMap { machines[$0] == nil && reasons[unit] != nil ? nil : $0 }
    }

    /// How far the unit has come on the machine it is scheduled to, as fleet's API has it.
    package func currentState(of unit: String) -> TargetState {
        guard let machine = machine(of: unit), let state = states[unit]?[machine]?.state else { return .inactive }
        return state.launched ? .launched : .loaded
    }

    /// The machine's metadata: its own, with what was set through the API over it.
    package func metadata(of machine: String) -> [String: String] {
        let own = machines[machine]?.record.metadata ?? [:]
        return own.merging(metadata[machine] ?? [:]) { $1 }.filter { !$0.value.isEmpty }
    }
}
