import Scheduling
import UnitFiles

extension UnitOperations {
    /// Submits the units if need be, and brings them to `goal`: loaded or launched.
    ///
    /// - Returns: the exit code: 1 when any of them did not come there; each says why.
    package func raise(_ typed: [String], to goal: Job.TargetState) async throws -> Int32 {
        let names = try await submit(typed, for: goal)
        try checkTemplates(typed, goal)
        var waiting: [String] = []
        for name in names {
            guard let unit = try await client.unit(name) else {
                throw FleetctlError(.notFound, "unit \(name) was destroyed by somebody else")
            }
            if unit.target == goal, unit.isGlobal || unit.state == goal { continue }
            if unit.target != goal { try await client.setTarget(name, goal) }
            if unit.isGlobal {
                console.out("Triggered global unit \(name) \(goal.command)")
            } else if wait.attempts == 0 {
                console.out("Triggered unit \(name) \(goal.command)")
            } else {
                waiting.append(name)
            }
        }
        return try await follow(waiting, to: goal)
    }

    private func checkTemplates(_ typed: [String], _ goal: Job.TargetState) throws {
        for source in try typed.map({ try UnitSource($0) }) where source.name.isTemplate {
            let instance = "\(source.name.prefix)@1.\(source.name.suffix)"
            throw FleetctlError(
                .usage,
                "\(source.name) is a template, which cannot run; \(goal.command) an instance, such as \(instance)",
            )
        }
    }

    /// Waits for the units, all at once, and tells of each in the order given.
    private func follow(_ names: [String], to goal: Job.TargetState) async throws -> Int32 {
        guard !names.isEmpty else { return 0 }
        let settled = await outcomes(of: names) { try await settle(UnitWait(unit: $0, target: goal)) }
        let machines = try await client.machines()
        var placed: [String] = []
        var failed = false
        for (name, outcome) in zip(names, settled) {
            switch outcome {
            case .success(let machineID):
                report(name, goal, on: machineID, machines)
                placed.append(name)
            case .failure(let error):
                console.err("\(error)")
                failed = true
            }
        }
        guard goal == .launched else { return failed ? 1 : 0 }
        let running = await outcomes(of: placed) { try await settleRunning(UnitWait(unit: $0, target: goal)) }
        for case .failure(let error) in running {
            console.err("\(error)")
            failed = true
        }
        return failed ? 1 : 0
    }

    /// Does the same for every name at the same time; the outcomes in the order of the names.
    func outcomes<Value: Sendable>(
        of names: [String],
        _ body: @escaping @Sendable (String) async throws -> Value,
    ) async -> [Result<Value, any Error>] {
        await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
            for (index, name) in names.enumerated() {
                group.addTask {
                    do {
                        return (index, .success(try await body(name)))
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
