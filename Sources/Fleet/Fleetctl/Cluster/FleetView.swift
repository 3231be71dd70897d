import FleetAPI
import Scheduling
import UnitFiles

/// Units, states and machines of a cluster at one time.
package struct FleetView: Sendable {
    /// Units there are.
    package var units: [APIUnit]
    /// States that machines reported.
    package var states: [APIUnitState]
    /// Machines there are.
    package var machines: [APIMachine]

    package init(units: [APIUnit] = [], states: [APIUnitState] = [], machines: [APIMachine] = []) {
        self.units = units
        self.states = states
        self.machines = machines
    }
}

/// Something that changed in a cluster.
package struct ClusterEvent: Sendable, Hashable, Encodable {
    /// Kind of event.
    package enum Kind: String, Sendable, Hashable, Encodable {
        case machineJoined, machineLeft, machineChanged
        case unitCreated, unitDestroyed, unitReplaced, unitWanted
        case unitPlaced, unitMoved, unitRemoved, unitUnplaceable
        case unitState
    }

    /// Kind of event.
    package var kind: Kind
    /// Unit that the event is about.
    package var unit: String?
    /// Machine that the event is about.
    package var machineID: String?
    /// The rest, for people.
    package var detail: String
}

extension FleetView {
    /// Events since `before`, at most one of each kind: what came and went between two observations is not among them.
    package func events(since before: FleetView) -> [ClusterEvent] {
        machineEvents(before) + unitEvents(before) + stateEvents(before)
    }

    private func machineEvents(_ before: FleetView) -> [ClusterEvent] {
        let (old, new) = (Self.byID(before.machines), Self.byID(machines))
        return Set(old.keys).union(new.keys).sorted().compactMap { id in
            switch (old[id], new[id]) {
            case (nil, let machine?): ClusterEvent(.machineJoined, machine: machine, "joined the cluster")
            case (let machine?, nil): ClusterEvent(.machineLeft, machine: machine, "left the cluster")
            case (let was?, let machine?) where was != machine:
                ClusterEvent(.machineChanged, machine: machine, "has other metadata or another address")
            default: nil
            }
        }
    }

    private func unitEvents(_ before: FleetView) -> [ClusterEvent] {
        let (old, new) = (Self.byName(before.units), Self.byName(units))
        return Set(old.keys).union(new.keys).sorted().flatMap { name -> [ClusterEvent] in
            guard let unit = new[name] else { return [ClusterEvent(.unitDestroyed, unit: name, "is destroyed")] }
            if let was = old[name] { return changes(from: was, unit) }
            let fresh = APIUnit(name: name, options: unit.options, desiredState: unit.desiredState)
            let created = ClusterEvent(.unitCreated, unit: name, "is known, and to be \(unit.target.rawValue)")
            return [created] + changes(from: fresh, unit)
        }
    }

    private func changes(from was: APIUnit, _ unit: APIUnit) -> [ClusterEvent] {
        var events: [ClusterEvent] = []
        if was.file.hash != unit.file.hash {
            events.append(ClusterEvent(.unitReplaced, unit: unit.name, "has another content, \(unit.file.hash.short)"))
        }
        if was.target != unit.target {
            events.append(ClusterEvent(.unitWanted, unit: unit.name, "is to be \(unit.target.rawValue)"))
        }
        switch (was.machineID, unit.machineID) {
        case (let old, let id?) where old != id:
            let kind = old == nil ? ClusterEvent.Kind.unitPlaced : .unitMoved
            let from = old.map { " from \(legend($0))" } ?? ""
            events.append(ClusterEvent(kind, unit: unit.name, on: id, "goes to \(legend(id))\(from)"))
        case (let old?, nil):
            events.append(ClusterEvent(.unitRemoved, unit: unit.name, on: old, "is taken from \(legend(old))"))
        default: break
        }
        if let reason = unit.statusReason, reason != was.statusReason, unit.machineID == nil {
            events.append(ClusterEvent(.unitUnplaceable, unit: unit.name, "is on no machine: \(reason)"))
        }
        return events
    }

    private func stateEvents(_ before: FleetView) -> [ClusterEvent] {
        let old = Dictionary(before.states.map { (Self.key($0), $0) }) { first, _ in first }
        return states.compactMap { state in
            let was = old[Self.key(state)]
            let (word, oldWord) = (Self.word(state), was.map(Self.word))
            guard word != oldWord, let id = state.machineID else { return nil }
            let from = oldWord.map { ", was \($0)" } ?? ""
            return ClusterEvent(.unitState, unit: state.name, on: id, "is \(word) on \(legend(id))\(from)")
        }
    }

    private func legend(_ id: String) -> String {
        (machines.first { $0.id == id } ?? APIMachine(id: id)).legend(full: false)
    }

    private static func word(_ state: APIUnitState) -> String {
        [state.systemdActiveState, state.systemdSubState].compactMap(\.self).joined(separator: "/")
    }

    private static func key(_ state: APIUnitState) -> [String] { [state.name, state.machineID ?? ""] }

    private static func byID(_ machines: [APIMachine]) -> [String: APIMachine] {
        Dictionary(machines.map { ($0.id, $0) }) { first, _ in first }
    }

    private static func byName(_ units: [APIUnit]) -> [String: APIUnit] {
        Dictionary(units.map { ($0.name, $0) }) { first, _ in first }
    }
}

extension ClusterEvent {
    fileprivate init(_ kind: Kind, machine: APIMachine, _ detail: String) {
        self.init(kind: kind, unit: nil, machineID: machine.id, detail: "\(machine.legend(full: false)) \(detail)")
    }

    fileprivate init(_ kind: Kind, unit: String, on machineID: String? = nil, _ detail: String) {
        self.init(kind: kind, unit: unit, machineID: machineID, detail: "\(unit) \(detail)")
    }
}
