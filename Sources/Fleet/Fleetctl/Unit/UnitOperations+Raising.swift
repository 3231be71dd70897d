import FleetAPI
import Scheduling
import UnitFiles

extension UnitOperations {
    /// Submits the units if need be, and brings them to `goal`: loaded or launched.
    ///
    /// - Returns: the exit code: 1 when any of them did not come there; each says why.
    package func raise(_ typed: [String], to goal: TargetState) async throws -> Int32 {
        let (names, replaced) = try await put(typed, for: goal)
        try checkTemplates(typed, goal)
        var waiting: [UnitWait] = []
        for name in names {
            guard let unit = try await client.unit(name) else {
                throw FleetctlError(.notFound, "unit \(name) was destroyed by somebody else")
            }
            let isThere = unit.target == goal && (unit.isGlobal || unit.state == goal)
            if isThere, try await !mustWait(unit, replaced.contains(name)) { continue }
            if unit.target != goal { try await client.setTarget(name, goal) }
            if unit.isGlobal {
                console.out("Triggered global unit \(name) \(goal.command)")
            } else if wait.attempts == 0 {
                console.out("Triggered unit \(name) \(goal.command)")
            } else {
                waiting.append(UnitWait(unit: name, target: goal, ends: unit.isOneshot))
            }
        }
        return try await follow(waiting, to: goal)
    }

    /// Returns whether a unit that is submitted as wanted has not reached its state yet. One that is down is asked for
    /// again, which makes its machine start it.
    private func mustWait(_ unit: APIUnit, _ isReplaced: Bool) async throws -> Bool {
        if isReplaced { return !unit.isGlobal }
        guard unit.target == .launched, !unit.isGlobal else { return false }
        let state = try await client.states(of: unit.name).first { $0.name == unit.name }
        switch state?.outcome(of: unit) {
        case "failed", "stopped":
            try await client.setTarget(unit.name, .launched)
            return true
        case "starting", "restarting", "stopping": return true
        default: return false
        }
    }

    private func checkTemplates(_ typed: [String], _ goal: TargetState) throws {
        for source in try typed.map({ try UnitSource($0) }) where source.name.isTemplate {
            let instance = "\(source.name.prefix)@1.\(source.name.suffix)"
            throw FleetctlError(
                .usage,
                "\(source.name) is a template, which cannot run; \(goal.command) an instance, such as \(instance)",
            )
        }
    }

    /// Waits for the units, all at once, and tells of each in the order given.
    private func follow(_ waiting: [UnitWait], to goal: TargetState) async throws -> Int32 {
        guard !waiting.isEmpty else { return 0 }
        let settled = await outcomes(of: waiting) { try await settle($0) }
        let machines = try await client.machines()
        var placed: [(unit: UnitWait, machineID: String?)] = []
        var failed = false
        for (unit, outcome) in zip(waiting, settled) {
            switch outcome {
            case .success(let machineID):
                report(unit.unit, goal, on: machineID, machines)
                placed.append((unit, machineID))
            case .failure(let error):
                console.err("\(error)")
                failed = true
            }
        }
        guard goal == .launched else { return failed ? 1 : 0 }
        let running = await outcomes(of: placed) { try await settleRunning($0.unit) }
        let broken = zip(placed, running).compactMap { place, outcome -> (String, String?, any Error)? in
            if case .failure(let error) = outcome { (place.unit.unit, place.machineID, error) } else { nil }
        }
        let logs = await outcomes(of: broken.map { ($0.0, $0.1) }) { unit, machineID in
            guard let machineID else { return [Substring]() }
            return try await RemoteOperations(context).lastLines(Self.logLines, of: unit, on: machineID)
        }
        for ((_, _, error), log) in zip(broken, logs) {
            console.err("\(error)")
            switch log {
            case .success(let lines): for line in lines { console.err("    \(line)") }
            case .failure(let reason): console.err("    its log cannot be read from here: \(reason)")
            }
        }
        return failed || !broken.isEmpty ? 1 : 0
    }

    /// Number of lines of its log that are shown of a unit that does not run.
    static let logLines = 10

    /// Does the same for every item at the same time; the outcomes in the order of the items.
    func outcomes<Item: Sendable, Value: Sendable>(
        of items: [Item],
        _ body: @escaping @Sendable (Item) async throws -> Value,
    ) async -> [Result<Value, any Error>] {
        await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
            for (index, item) in items.enumerated() {
                group.addTask {
                    do {
                        return (index, .success(try await body(item)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var outcomes: [(Int, Result<Value, any Error>)] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
