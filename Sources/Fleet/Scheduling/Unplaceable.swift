import Basics

/// Reason why a unit fits nowhere.
package struct Unplaceable: Sendable, Hashable {
    /// A reason that is the same for every machine.
    package enum Cause: Sendable, Hashable {
        /// There is no machine at all.
        case noMachines
        /// `MachineOf` leads back to the unit, along these names; the first is also the last.
        case cycle([String])
        /// A unit `MachineOf` names is not known.
        case peerUnknown(String)
        /// A unit `MachineOf` names is not wanted on any machine.
        case peerInactive(String)
        /// A unit `MachineOf` names fits nowhere itself.
        case peerUnplaced(String)
        /// No machine takes it, each for a reason of its own.
        case refusedEverywhere
    }

    /// Reason of one machine.
    package struct MachineRefusal: Sendable, Hashable {
        /// Machine that refuses.
        package var machine: String
        /// Reason for which it refuses.
        package var refusal: Refusal

        package init(machine: String, refusal: Refusal) {
            self.machine = machine
            self.refusal = refusal
        }
    }

    /// Reason for which the job runs nowhere.
    package var cause: Cause
    /// Every machine that was considered, by id.
    package var refusals: [MachineRefusal]

    package init(cause: Cause, refusals: [MachineRefusal] = []) {
        self.cause = cause
        self.refusals = refusals
    }
}

extension Unplaceable: CustomStringConvertible {
    /// The whole reason in one line; machines that refuse for the same reason are named together.
    package var description: String {
        words.onOneLine
    }

    private var words: String {
        switch cause {
        case .noMachines: "there is no machine in the cluster"
        case .cycle(let names): "MachineOf goes in a circle: \(names.joined(separator: " → "))"
        case .peerUnknown(let peer): "MachineOf requires \(peer), which does not exist"
        case .peerInactive(let peer): "MachineOf requires \(peer), which is inactive"
        case .peerUnplaced(let peer): "MachineOf requires \(peer), which fits on no machine itself"
        case .refusedEverywhere: "no machine fits: \(grouped)"
        }
    }

    private var grouped: String {
        var order: [Refusal] = []
        var machines: [Refusal: [String]] = [:]
        for entry in refusals {
            if machines[entry.refusal] == nil { order.append(entry.refusal) }
            machines[entry.refusal, default: []].append(String(entry.machine.prefix(8)))
        }
        return order.map { "\($0) (\(Unplaceable.list(machines[$0] ?? [])))" }.joined(separator: "; ")
    }

    private static func list(_ machines: [String]) -> String {
        let shown = machines.prefix(4).joined(separator: ", ")
        return machines.count > 4 ? "\(shown) and \(machines.count - 4) more" : shown
    }
}
