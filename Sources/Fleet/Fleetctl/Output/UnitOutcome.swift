import FleetAPI
import Scheduling
import UnitFiles

extension APIUnitState {
    /// Outcome of a unit on its machine, in one word. systemd has none for a unit that was started and has finished: a
    /// oneshot, or a service that ended by itself and well, appears as if it had never been started.
    ///
    /// - Parameter unit: nil when fleet does not know it any more.
    func outcome(of unit: APIUnit?) -> String? {
        switch systemdActiveState {
        case nil: return nil
        case "inactive" where outcome != nil: return outcome
        case "inactive":
            // A global unit has no state of its own that would say how far it is.
            let isLaunched = unit.map { $0.target == .launched && ($0.isGlobal || $0.state == .launched) } ?? false
            return isLaunched && unit?.isOneshot == true ? "done" : "stopped"
        case "activating": return systemdSubState?.hasPrefix("auto-restart") == true ? "restarting" : "starting"
        case "deactivating": return "stopping"
        case let other?: return other
        }
    }
}

extension APIUnit {
    /// True where it is meant to end by itself.
    var isOneshot: Bool { file.values(of: "Type", in: "Service").last == "oneshot" }

    /// Reason why the unit, which is wanted, is on no machine, or cannot leave the one it is on.
    var openReason: String? { target == .inactive ? nil : statusReason }
}
