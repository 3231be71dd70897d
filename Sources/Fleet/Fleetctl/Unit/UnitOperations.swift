import FleetAPI
import Scheduling
import UnitFiles

/// Operations on units.
package struct UnitOperations: Sendable {
    let context: FleetContext
    let wait: WaitPolicy
    /// True where an existing unit with other options is replaced.
    let replaces: Bool

    package init(_ context: FleetContext, wait: WaitPolicy = .standard, replaces: Bool = false) {
        self.context = context
        self.wait = wait
        self.replaces = replaces
    }

    var client: FleetClient { context.client }
    var console: Console { context.console }

    /// The units of the cluster that match the names and patterns, in the order typed. Reports those that match none;
    /// where none matches at all, with the original's message, and like there this is no failure.
    func find(_ typed: [String]) async throws -> [APIUnit] {
        let patterns = typed.map { Glob(UnitName.completed($0)) }
        let matches = { (pattern: Glob, unit: APIUnit) in pattern.pattern == unit.name || pattern.matches(unit.name) }
        let all = try await client.units()
        var seen: Set<String> = []
        let found = patterns.flatMap { pattern in all.filter { matches(pattern, $0) } }
            .filter { seen.insert($0.name).inserted }
        if found.isEmpty {
            console.err("Units not found in registry")
        } else {
            for pattern in patterns where !found.contains(where: { matches(pattern, $0) }) {
                console.err("WARNING: unit \(pattern.pattern) does not exist")
            }
        }
        return found
    }

    /// - Returns: the exit code of the original, which took that for no failure.
    func noUnitsGiven() -> Int32 {
        console.err("No units given")
        return 0
    }

    /// One line about a unit that has come to rest.
    func report(_ unit: String, _ state: TargetState, on machineID: String?, _ machines: [APIMachine]) {
        guard let machineID else { return console.out("Unit \(unit) \(state.rawValue)") }
        let machine = machines.first { $0.id == machineID } ?? APIMachine(id: machineID)
        console.out("Unit \(unit) \(state.rawValue) on \(machine.legend(full: false))")
    }
}
