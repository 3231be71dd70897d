/// The lists, as text or JSON.
struct ListOperations: Sendable {
    let context: FleetContext
    let style: ListStyle
    let isJSON: Bool

    func listUnits() async throws {
        let states = try await context.client.states()
        if isJSON { return context.console.emit(try APIText.json(states)) }
        let needsMachines = style.fields.contains("machine") && !states.isEmpty
        let machines = needsMachines ? try await context.client.machines() : []
        context.console.emit(try style.text(states, columns: Lists.states(machines)))
    }

    func listUnitFiles() async throws {
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
