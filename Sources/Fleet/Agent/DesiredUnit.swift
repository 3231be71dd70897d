import FleetRegistry
import Scheduling
import UnitFiles

/// A unit that is wanted on this machine.
package struct DesiredUnit: Sendable, Equatable {
    package var name: String
    package var hash: String
    /// Started, not only loaded.
    package var launched: Bool

    package init(name: String, hash: String, launched: Bool) {
        self.name = name
        self.hash = hash
        self.launched = launched
    }
}

extension FleetSnapshot {
    /// What is wanted on a machine, by name: the units scheduled to it and the global ones that it takes.
    package func desiredUnits(on machine: String) -> [String: DesiredUnit] {
        let scheduled = schedule.filter { $0.value.value == machine }.map(\.key)
        var names = Set(scheduled.filter { units[$0]?.requirements.isGlobal == false })
        if units.values.contains(where: \.requirements.isGlobal) {
            names.formUnion(clusterState.globalUnits(for: schedulingMachine(machine)).map(\.name))
        }
        return names.reduce(into: [:]) { desired, name in
            guard let unit = units[name], target(of: name) != .inactive else { return }
            desired[name] = DesiredUnit(name: name, hash: unit.hash.hex, launched: target(of: name) == .launched)
        }
    }
}
