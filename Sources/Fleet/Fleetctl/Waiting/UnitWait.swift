import FleetAPI
import Scheduling
import UnitFiles

/// Progress of one unit on its way to a state. Every reading of the API is an event, the answer says whether to go on.
package struct UnitWait: Sendable, Hashable {
    /// Next step of a wait.
    package enum Action: Sendable, Hashable {
        /// Read the unit again.
        case wait
        /// The unit is there; nil where it is on no machine.
        case done(machineID: String?)
        /// It will not come there by itself.
        case fail(String)
    }

    /// Number of readings in a row that must find the unit without a place before that is believed: its schedule may
    /// just be being written.
    package static let patience = 3

    /// Unit to wait for.
    package let unit: String
    /// State that it has to reach.
    package let target: TargetState
    /// True for a unit that ends by itself, a oneshot, so that inactive may mean success.
    private let ends: Bool
    private var unplaced = 0
    private var quiet = 0

    package init(unit: String, target: TargetState, ends: Bool = false) {
        self.unit = unit
        self.target = target
        self.ends = ends
    }

    /// The unit as the API has it; nil when it is gone.
    package mutating func saw(_ seen: APIUnit?) -> Action {
        guard let seen else { return .fail("unit \(unit) does not exist any more") }
        if seen.state == target { return .done(machineID: target == .inactive ? nil : seen.machineID) }
        guard seen.target != .inactive || target == .inactive else {
            return .fail("unit \(unit) was unloaded by somebody else")
        }
        guard target != .inactive, let reason = seen.statusReason, !reason.isEmpty else {
            unplaced = 0
            return .wait
        }
        unplaced += 1
        if unplaced < UnitWait.patience { return .wait }
        let isPlaced = seen.machineID?.isEmpty == false
        return .fail("unit \(unit) \(isPlaced ? "is not \(target.rawValue)" : "cannot be placed"): \(reason)")
    }

    /// Takes in the state that systemd on the unit's machine reports once it is launched; nil when it has not reported
    /// yet.
    package mutating func saw(state: APIUnitState?) -> Action {
        guard let state, let active = state.systemdActiveState else { return .wait }
        let sub = state.systemdSubState ?? ""
        switch active {
        case "active", "reloading", "refreshing":
            return .done(machineID: state.machineID)
        case "failed":
            let reason = state.statusReason.map { " with \($0)" } ?? ""
            return .fail("unit \(unit) failed on its machine\(reason); fleetctl journal \(unit) shows why")
        case "activating" where sub == "auto-restart" || sub == "auto-restart-queued":
            return .fail("unit \(unit) ended and is being restarted; fleetctl journal \(unit) shows why")
        case "inactive" where state.outcome == "done":
            return .done(machineID: state.machineID)
        case "inactive" where state.outcome != nil:
            return .fail("unit \(unit) does not run: \(state.statusReason ?? "it was stopped")")
        case "inactive":
            // The original's machines do not tell whether it was started: only time does.
            quiet += 1
            if quiet < UnitWait.patience * 4 { return .wait }
            guard !ends else { return .done(machineID: state.machineID) }
            return .fail("unit \(unit) does not run; fleetctl status \(unit) and fleetctl journal \(unit) show why")
        default:
            quiet = 0
            return .wait
        }
    }
}
