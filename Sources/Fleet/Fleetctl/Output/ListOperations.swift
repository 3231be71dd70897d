import FleetAPI
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
        let units = needsUnits ? try await units() : [:]
        let placed = Set(states.map(\.name))
        let unplaced = units.values.filter { $0.openReason != nil && !placed.contains($0.name) }
        let rows = (states + unplaced.map { APIUnitState(name: $0.name) }).sorted { $0.name < $1.name }
        return try style.text(unplaced.isEmpty ? states : rows, columns: Lists.states(machines, units: units))
    }

    /// True where a column is shown that needs more than the states.
    private var needsUnits: Bool { style.fields.contains("reason") || style.fields.contains("outcome") }

    private func units() async throws -> [String: APIUnit] {
        Dictionary(try await context.client.units().map { ($0.name, $0) }) { first, _ in first }
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
