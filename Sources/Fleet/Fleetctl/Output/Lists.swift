import FleetAPI
import UnitFiles

/// The columns of fleetctl's three lists.
enum Lists {
    /// `list-units`: what systemd says, one row for each unit and machine.
    ///
    /// - Parameters:
    ///   - units: by name, for the columns that tell more than systemd does; may be missing where none is shown.
    static func states(_ machines: [APIMachine], units: [String: APIUnit] = [:]) -> [Column<APIUnitState>] {
        let known = byID(machines)
        return [
            Column(name: "unit") { state, _ in state.name },
            Column(name: "load") { state, _ in state.systemdLoadState },
            Column(name: "active") { state, _ in state.systemdActiveState },
            Column(name: "sub") { state, _ in state.systemdSubState },
            Column(name: "machine") { state, full in legend(state.machineID, known, full) },
            Column(name: "hash") { state, full in state.hash.map { full ? $0 : String($0.prefix(7)) } },
            Column(name: "outcome") { state, _ in state.outcome(of: units[state.name]) },
            Column(name: "reason") { state, _ in state.statusReason ?? units[state.name]?.openReason },
        ]
    }

    /// `list-unit-files`: what fleet knows and wants, one row for each unit.
    static func units(_ machines: [APIMachine]) -> [Column<APIUnit>] {
        let known = byID(machines)
        return [
            Column(name: "unit") { unit, _ in unit.name },
            Column(name: "hash") { unit, full in full ? unit.file.hash.hex : unit.file.hash.short },
            Column(name: "dstate") { unit, _ in unit.desiredState?.rawValue },
            Column(name: "state") { unit, _ in unit.isGlobal ? nil : unit.currentState?.rawValue },
            Column(name: "target") { unit, full in unit.isGlobal ? "global" : legend(unit.machineID, known, full) },
            Column(name: "tmachine") { unit, full in unit.isGlobal ? "global" : legend(unit.machineID, known, full) },
            Column(name: "global") { unit, _ in unit.isGlobal ? "true" : "false" },
            Column(name: "desc") { unit, _ in unit.file.summary },
            Column(name: "reason") { unit, _ in unit.statusReason },
        ]
    }

    /// `list-machines`.
    static let machines: [Column<APIMachine>] = [
        Column(name: "machine") { machine, full in APIMachine.name(of: machine.id, full: full) },
        Column(name: "ip") { machine, _ in machine.primaryIP },
        Column(name: "metadata") { machine, _ in
            (machine.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        },
    ]

    private static func byID(_ machines: [APIMachine]) -> [String: APIMachine] {
        Dictionary(machines.map { ($0.id, $0) }) { first, _ in first }
    }

    private static func legend(_ id: String?, _ machines: [String: APIMachine], _ full: Bool) -> String? {
        guard let id, !id.isEmpty else { return nil }
        return (machines[id] ?? APIMachine(id: id)).legend(full: full)
    }
}
