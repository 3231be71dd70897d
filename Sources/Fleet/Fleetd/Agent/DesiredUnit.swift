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
    /// The units here that it stops with, so that it has to be started again with them.
    package var boundTo: Set<String>
    /// etcd's revision of the wish: a later one asks for a start of a unit that is down.
    package var revision: Int64

    package init(
        name: String,
        hash: String,
        launched: Bool,
        after: Set<String> = [],
        boundTo: Set<String> = [],
        revision: Int64 = 0,
    ) {
        self.name = name
        self.hash = hash
        self.launched = launched
        self.after = after
        self.boundTo = boundTo
        self.revision = revision
    }
}

extension FleetSnapshot {
    /// Units wanted on a machine, by name: those scheduled to it and the global ones that it takes.
    package func desiredUnits(on machine: String) -> [String: DesiredUnit] {
        let scheduled = schedule.filter { $0.value.value == machine }.map(\.key)
        var names = Set(scheduled.filter { units[$0]?.requirements.isGlobal == false })
        names.formUnion(globalUnits(on: machine).map(\.name))
        var desired = names.reduce(into: [String: DesiredUnit]()) { desired, name in
            guard let unit = units[name], target(of: name) != .inactive else { return }
            let after = unit.startsAfter.intersection(names).subtracting([name])
            let isLaunched = target(of: name) == .launched
            desired[name] = DesiredUnit(
                name: name,
                hash: unit.hash.hex,
                launched: isLaunched,
                after: after,
                boundTo: unit.boundTo.intersection(names).subtracting([name]),
                revision: self.desired[name]?.revision ?? 0,
            )
        }
        for name in names {
            for later in units[name]?.startsBefore ?? [] where later != name { desired[later]?.after.insert(name) }
            for other in units[name]?.binds ?? [] where other != name { desired[other]?.boundTo.insert(name) }
        }
        return desired
    }
}
