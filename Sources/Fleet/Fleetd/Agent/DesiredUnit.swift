import FleetState
import Scheduling
import UnitFiles

/// A unit that is wanted on this machine.
package struct DesiredUnit: Sendable, Equatable {
    /// Name with suffix.
    package var name: String
    /// Hash of the unit's text.
    package var hash: String
    /// Started, not only loaded.
    package var launched: Bool
    /// The units here that are to be started before it.
    package var after: Set<String>

    package init(name: String, hash: String, launched: Bool, after: Set<String> = []) {
        self.name = name
        self.hash = hash
        self.launched = launched
        self.after = after
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
        var desired = names.reduce(into: [String: DesiredUnit]()) { desired, name in
            guard let unit = units[name], target(of: name) != .inactive else { return }
            let after = unit.startsAfter.intersection(names).subtracting([name])
            let isLaunched = target(of: name) == .launched
            desired[name] = DesiredUnit(name: name, hash: unit.hash.hex, launched: isLaunched, after: after)
        }
        for name in names {
            for later in units[name]?.startsBefore ?? [] where later != name { desired[later]?.after.insert(name) }
        }
        return desired
    }
}
