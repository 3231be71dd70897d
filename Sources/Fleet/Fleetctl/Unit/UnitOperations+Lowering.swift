import FleetAPI
import Scheduling
import UnitFiles

extension UnitOperations {
    /// Stops units, leaving them on their machines.
    package func stop(_ typed: [String]) async throws -> Int32 {
        var stopping: [String] = []
        let units = try await find(typed)
        if units.isEmpty { return 0 }
        for unit in units {
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
        let units = try await find(typed)
        if units.isEmpty { return 0 }
        for unit in units {
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
        for unit in units where try await client.destroy(unit.name) { console.out("Destroyed \(unit.name)") }
        let gone = await outcomes(of: wait.attempts > 0 ? units.map(\.name) : []) { try await waitUntilGone($0) }
        for case .failure(let error) in gone { console.err("\(error)") }
        return 0
    }

    /// Stops units and starts them again; those that are only loaded are started.
    package func restart(_ typed: [String]) async throws -> Int32 {
        let units = try await find(typed)
        if let unit = units.first(where: { $0.target == .inactive }) {
            throw FleetctlError(.refused, "Unable to restart unit \(unit.name) in state inactive")
        }
        let launched = units.filter { $0.target == .launched }
        for unit in launched { try await client.setTarget(unit.name, .loaded) }
        // Also without blocking: a unit that is wanted again before its machine has read that it is not goes on running.
        let patient = wait.attempts > 0 ? self : UnitOperations(context)
        let code = try await patient.lower(launched.filter { !$0.isGlobal }.map(\.name), to: .loaded, "restart")
        let globals = launched.filter(\.isGlobal).map(\.name)
        let stopped = await outcomes(of: globals) { try await patient.waitUntilStopped($0) }
        for case .failure(let error) in stopped { console.err("\(error)") }
        // Whatever became of the others, what was stopped here is to run.
        let started = try await raise(units.map(\.name), to: .launched)
        return max(code, started, stopped.contains { if case .failure = $0 { true } else { false } } ? 1 : 0)
    }

    /// Waits until a global unit runs on no machine.
    private func waitUntilStopped(_ name: String) async throws {
        for attempt in 0..<wait.attempts {
            if attempt > 0 { try await context.pause.sleep(wait.interval) }
            let states = try await client.states(of: name).filter { $0.name == name }
            if states.allSatisfy({ ["inactive", "failed"].contains($0.systemdActiveState) }) { return }
        }
        throw FleetctlError(.timedOut, "global unit \(name) still runs on a machine")
    }

    private func lower(
        _ names: [String],
        to goal: TargetState,
        _ verb: String,
        done: String? = nil,
    ) async throws -> Int32 {
        guard wait.attempts > 0 else {
            for name in names { console.out("Triggered unit \(name) \(verb)") }
            if let done { console.err("Successfully \(done) units [\(names.joined(separator: " "))].") }
            return 0
        }
        let settled = await outcomes(of: names) { try await settleLowered($0, to: goal) }
        let machines = goal == .inactive ? [] : try await client.machines()
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
    private func settleLowered(_ name: String, to goal: TargetState) async throws -> String? {
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
