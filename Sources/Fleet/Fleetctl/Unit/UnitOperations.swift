import Scheduling
import UnitFiles

/// What the commands do to units.
package struct UnitOperations: Sendable {
    let context: FleetContext
    let wait: WaitPolicy
    /// Whether a unit that is there with other options is replaced.
    let replaces: Bool

    package init(_ context: FleetContext, wait: WaitPolicy = .standard, replaces: Bool = false) {
        self.context = context
        self.wait = wait
        self.replaces = replaces
    }

    var client: FleetClient { context.client }
    var console: Console { context.console }

    /// The units of the cluster that the names and patterns mean, by name.
    func find(_ typed: [String]) async throws -> [APIUnit] {
        let patterns = typed.map { Glob(UnitName.completed($0)) }
        return try await client.units().filter { unit in
            patterns.contains { $0.pattern == unit.name || $0.matches(unit.name) }
        }
    }

    /// One line about a unit that has come to rest.
    func report(_ unit: String, _ state: Job.TargetState, on machineID: String?, _ machines: [APIMachine]) {
        guard let machineID else { return console.out("Unit \(unit) \(state.rawValue)") }
        let machine = machines.first { $0.id == machineID } ?? APIMachine(id: machineID)
        console.out("Unit \(unit) \(state.rawValue) on \(machine.legend(full: false))")
    }
}
