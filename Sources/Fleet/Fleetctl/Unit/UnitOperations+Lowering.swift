import Scheduling

extension UnitOperations {
    /// Stops units, leaving them on their machines.
    package func stop(_ typed: [String]) async throws -> Int32 {
        var stopping: [String] = []
        for unit in try await find(typed) {
            if unit.isGlobal {
                try await client.setTarget(unit.name, .loaded)
                console.out("Triggered global unit \(unit.name) stop")
            } else if unit.target == .inactive {
                throw FleetctlError(.refused, "unable to stop unit \(unit.name) in state inactive")
            } else if unit.target != .loaded || unit.state == .launched {
                if unit.target != .loaded { try await client.setTarget(unit.name, .loaded) }
                stopping.append(unit.name)
            }
        }
        return try await lower(stopping, to: .loaded, "stop", done: "stopped")
    }

    /// Takes units from their machines; fleet still knows them.
    package func unload(_ typed: [String]) async throws -> Int32 {
        var unloading: [String] = []
        for unit in try await find(typed) {
            if unit.target != .inactive { try await client.setTarget(unit.name, .inactive) }
            if unit.isGlobal {
                console.out("Triggered global unit \(unit.name) unload")
            } else if unit.target != .inactive || unit.state != .inactive {
                unloading.append(unit.name)
            }
        }
        return try await lower(unloading, to: .inactive, "unload", done: "unloaded")
    }

    /// Stops units and makes fleet forget them.
    package func destroy(_ typed: [String]) async throws -> Int32 {
        let units = try await find(typed)
        if units.isEmpty {
            console.err("Units not found in registry")
            return 0
        }
        for unit in units where try await client.destroy(unit.name) { console.out("Destroyed \(unit.name)") }
        let gone = await outcomes(of: wait.attempts > 0 ? units.map(\.name) : []) { try await waitUntilGone($0) }
        for case .failure(let error) in gone { console.err("\(error)") }
        return 0
    }

    /// Stops units and starts them again.
    package func restart(_ typed: [String]) async throws -> Int32 {
        let found = try await find(typed)
        if found.isEmpty { throw FleetctlError(.notFound, "no unit is called \(typed.joined(separator: " or "))") }
        let units = found.filter { !$0.isGlobal }
        if let unit = found.first, units.isEmpty {
            throw FleetctlError(.refused, "unit \(unit.name) is global: stop it, and start it when it has stopped")
        }
        if let unit = units.first(where: { $0.target != .launched }) {
            throw FleetctlError(
                .refused,
                "unit \(unit.name) is \(unit.target.rawValue), so it cannot be restarted; use fleetctl start",
            )
        }
        let names = units.map(\.name)
        for name in names { try await client.setTarget(name, .loaded) }
        // Also without blocking: a unit that is wanted again before its machine has read that it is not goes on running.
        let patient = wait.attempts > 0 ? self : UnitOperations(context)
        let code = try await patient.lower(names, to: .loaded, "restart", done: nil)
        guard code == 0 else { return code }
        return try await raise(names, to: .launched)
    }

    private func lower(
        _ names: [String],
        to goal: Job.TargetState,
        _ verb: String,
        done: String?,
    ) async throws -> Int32 {
        guard wait.attempts > 0 else {
            for name in names { console.out("Triggered unit \(name) \(verb)") }
            return 0
        }
        let settled = await outcomes(of: names) { try await settleLowered($0, to: goal) }
        let machines = names.isEmpty || goal == .inactive ? [] : try await client.machines()
        var code: Int32 = 0
        for (name, outcome) in zip(names, settled) {
            switch outcome {
            case .success(let machineID?): report(name, goal, on: machineID, machines)
            case .success(nil): report(name, .inactive, on: nil, machines)
            case .failure(let error):
                console.err("\(error)")
                code = 1
            }
        }
        if code != 0 {
            console.err("Failed to \(verb) units [\(names.joined(separator: " "))]. exit == \(code).")
        } else if let done {
            console.err("Successfully \(done) units [\(names.joined(separator: " "))].")
        }
        return code
    }

    /// A unit that has no place does not run either: that is as good as stopped.
    private func settleLowered(_ name: String, to goal: Job.TargetState) async throws -> String? {
        if goal == .loaded, let unit = try await client.unit(name), unit.machineID == nil, unit.statusReason != nil {
            return nil
        }
        return try await settle(UnitWait(unit: name, target: goal))
    }

    /// Waits until no machine reports the unit any more.
    private func waitUntilGone(_ name: String) async throws {
        for attempt in 0..<wait.attempts {
            if attempt > 0 { try await context.pause.sleep(wait.interval) }
            if try await client.states(of: name).allSatisfy({ $0.name != name }) { return }
        }
        throw FleetctlError(.timedOut, "unit \(name) is destroyed, but its machine still reports it as stopping")
    }
}
