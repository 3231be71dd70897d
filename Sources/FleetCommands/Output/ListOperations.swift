import Scheduling

/// The lists, as text or JSON.
struct ListOperations: Sendable {
    let context: FleetContext
    let style: ListStyle
    let isJSON: Bool

    func listUnits() async throws {
        context.console.emit(try await unitsText())
    }

    func unitsText() async throws -> String {
        let states = try await context.client.states()
        if isJSON { return try APIText.json(states) }
        let needsMachines = style.fields.contains("machine") && !states.isEmpty
        let machines = needsMachines ? try await context.client.machines() : []
        let reasons = style.fields.contains("reason") ? try await reasons() : [:]
        let placed = Set(states.map(\.name))
        let unplaced = reasons.keys.filter { !placed.contains($0) }.map { APIUnitState(name: $0) }
        let rows = unplaced.isEmpty ? states : (states + unplaced).sorted { $0.name < $1.name }
        return try style.text(rows, columns: Lists.states(machines, reasons: reasons))
    }

    /// Why units are on no machine, or cannot leave the one they are on; by name.
    private func reasons() async throws -> [String: String] {
        try await context.client.units().reduce(into: [:]) { reasons, unit in
            reasons[unit.name] = unit.target == .inactive ? nil : unit.statusReason
        }
    }

    func listUnitFiles() async throws {
        if style.fields.contains("tmachine") {
            context.console.err("WARNING: The \"tmachine\" field is deprecated, use \"target\" instead")
        }
        let units = try await context.client.units()
        if isJSON { return context.console.emit(try APIText.json(units)) }
        let needsMachines = units.contains { $0.machineID?.isEmpty == false }
        let machines = needsMachines ? try await context.client.machines() : []
        context.console.emit(try style.text(units, columns: Lists.units(machines)))
    }

    func listMachines() async throws {
        let machines = try await context.client.machines()
        if isJSON { return context.console.emit(try APIText.json(machines)) }
        context.console.emit(try style.text(machines, columns: Lists.machines))
    }
}
