import FleetAPI
import Scheduling
import UnitFiles

extension ListOperations {
    /// Tells what every machine says to a unit.
    ///
    /// - Returns: 1 when the unit is wanted and has no machine.
    func explain(_ typed: String) async throws -> Int32 {
        let name = UnitName.completed(typed)
        guard let unit = try await context.client.unit(name) else {
            throw FleetctlError(.notFound, "Unit \(name) does not exist. fleetctl list-unit-files shows those that do")
        }
        let machines = try await context.client.machines()
        var report = PlacementReport(
            of: unit,
            units: try await context.client.units(),
            machines: machines,
            draining: Set(try await context.client.drainsIfAny()),
        )
        let states = try await context.client.states(of: name).filter { $0.name == name }
        report.reason = report.reason ?? states.lazy.compactMap(\.statusReason).first
        if isJSON {
            context.console.emit(try APIText.json(report))
        } else {
            context.console.emit(text(report, machines))
        }
        let isPlaced = report.isGlobal ? report.machines.contains(where: \.isHere) : report.machineID != nil
        return isPlaced || unit.target == .inactive ? 0 : 1
    }

    private func text(_ report: PlacementReport, _ machines: [APIMachine]) -> String {
        let place = report.machineID.map { legend($0, machines) } ?? "no machine"
        var text = "\(report.unit) is to be \(report.desiredState), "
        text += report.isGlobal ? "on every machine that takes it\n" : "and is on \(place)\n"
        if let reason = report.reason { text += "\(reason)\n" }
        let rows = report.machines.map { row in
            [legend(row.machineID, machines), String(row.units), row.isHere ? "here" : row.refusal ?? "would take it"]
        }
        return text + "\n" + TabTable.text([["MACHINE", "UNITS", "ANSWER"]] + rows)
    }

    private func legend(_ id: String, _ machines: [APIMachine]) -> String {
        (machines.first { $0.id == id } ?? APIMachine(id: id)).legend(full: style.isFull)
    }
}
