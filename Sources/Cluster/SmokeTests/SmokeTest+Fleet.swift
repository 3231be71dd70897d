import Basics
import Planning
import Provisioning
import SecureShell
import TopologyModel

extension SmokeTest {
    func checkPlacement(say: @Sendable (String) -> Void) async throws {
        let units = try machines.map { try unit("on-\($0.name)", ["MachineID=\(machineID($0))"]) }
        say("waiting for \(units.count) units")
        try await withUnits(units) {
            _ = try await expect("not every machine runs the unit meant for it", units: units) { seen in
                zip(units, machines).allSatisfy { unit, node in
                    seen.units[unit.name]?.states[machineID(node)] == "active"
                }
            }
        }
    }

    func checkGlobal(say: @Sendable (String) -> Void) async throws {
        let units = [try unit("global", ["Global=true"])]
        say("waiting for it on \(machines.count) machines")
        let wanted = Set(machines.map(machineID))
        try await withUnits(units) {
            _ = try await expect("the global unit does not run everywhere", units: units) { seen in
                let states = seen.units[units[0].name]?.states ?? [:]
                return wanted.allSatisfy { states[$0] == "active" }
            }
        }
    }

    func checkConflict(say: @Sendable (String) -> Void) async throws {
        guard machines.count > 1 else { throw SmokeInapplicable(reason: "there is one machine") }
        let rule = "Conflicts=slipway-smoke-\(id)-apart-*"
        let units = [try unit("apart-1", [rule]), try unit("apart-2", [rule])]
        say("waiting for both")
        try await withUnits(units) {
            let seen = try await expect("the two units do not both run", units: units) { seen in
                units.allSatisfy { seen.units[$0.name]?.states.values.contains("active") == true }
            }
            let places = units.map { Set(seen.units[$0.name]?.states.keys.map { $0 } ?? []) }
            guard places[0].isDisjoint(with: places[1]) else {
                throw SmokeFailure(message: "both run on \(name(of: places[0].first ?? ""))")
            }
        }
    }

    /// - Returns: which nodes are left out, if any.
    func checkDocker(say: @escaping @Sendable (String) -> Void) async throws -> String? {
        let name = "slipway-smoke-\(id)"
        let command = "docker run --rm --name \(name) busybox echo \(id)"
        let script = "if \(Self.imageLacks("docker")); then echo '\(Self.noDocker)'; else \(command); fi"
        let without = try await withThrowingTaskGroup(of: String?.self, returning: [String].self) { group in
            for node in nodes {
                group.addTask {
                    say("docker run on \(node.name)")
                    let failure = "'\(command)' failed"
                    let said = try await run(script, on: node, limit: .seconds(120), failure: failure)
                    if said.contains(Self.noDocker) { return node.name }
                    guard said.contains(id) else {
                        throw SmokeFailure(message: "\(node.name): the container did not say '\(id)'", evidence: [said])
                    }
                    return nil
                }
            }
            return try await group.reduce(into: []) { if let name = $1 { $0.append(name) } }
        }
        guard !without.isEmpty else { return nil }
        let note = "without Docker, which their image lacks: \(without.sorted().joined(separator: ", "))"
        if without.count == nodes.count { throw SmokeInapplicable(reason: note) }
        return note
    }

    private static let noDocker = "slipway: no docker in this image"

    // MARK: The loss of a worker

    func checkLoss(say: @escaping @Sendable (String) -> Void) async throws {
        guard let victim = proxies.last, machines.count > 1 else {
            throw SmokeInapplicable(reason: "there is no worker beside the members")
        }
        // One unit a machine, by mutual conflict; then only the victim's is left, and free to move.
        let rule = "Conflicts=slipway-smoke-\(id)-loss-*"
        let units = try machines.indices.map { try unit("loss-\($0)", [rule]) }
        try await withUnits(units) {
            say("placing a unit on \(victim.name)")
            let all = try await expect("not every machine got a unit", units: units) { seen in
                units.allSatisfy { seen.units[$0.name]?.states.values.contains("active") == true }
            }
            let own = machineID(victim)
            guard let moving = units.first(where: { all.units[$0.name]?.states[own] != nil }) else {
                throw SmokeFailure(message: "no unit was placed on \(victim.name)")
            }
            for unit in units where unit.name != moving.name { try await fleet.destroy(unit.name) }
            try await lose(victim, unit: moving, say: say)
        }
    }

    private func lose(_ victim: ObservedNode, unit: UnitPlan, say: @escaping @Sendable (String) -> Void) async throws {
        let own = machineID(victim)
        let before = try await fleet.observe(until: { _ in true }, limit: .seconds(5) * patience).fleet
        say("cutting \(victim.name)'s power")
        try await executor.provider.powerOff(NodeReference(victim))
        do {
            _ = try await expect("the unit does not run elsewhere", limit: .seconds(60) * patience, units: [unit]) {
                seen in
                seen.units[unit.name]?.states.contains { $0.key != own && $0.value == "active" } == true
            }
        } catch {
            let restoring = Task { try await restore(victim, to: before, say: say) }
            try? await restoring.value
            throw error
        }
        try await restore(victim, to: before, say: say)
        _ = try await expect("the unit runs twice after \(victim.name) is back", units: [unit]) { seen in
            seen.units[unit.name]?.states.filter { $0.value == "active" }.count == 1
        }
    }

    private func restore(
        _ node: ObservedNode,
        to before: ObservedFleet,
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        say("starting \(node.name) again")
        try await executor.provider.start(NodeReference(node))
        let machine = machineID(node)
        let result = try await fleet.observe(until: { $0.machines.contains(machine) }, limit: .seconds(60) * patience)
        guard result.done else { throw SmokeFailure(message: "\(node.name) did not come back to fleet") }
        say("waiting for the units it ran before")
        let running = before.units.values.filter { Self.runs($0) && !$0.name.hasPrefix("slipway-smoke-\(id)-") }
        let areBack: @Sendable (ObservedFleet) -> Bool = { seen in
            running.allSatisfy { Self.runs(seen.units[$0.name], as: $0) }
        }
        let end = ContinuousClock.now + .seconds(30) * patience
        while true {
            let back = try await fleet.observe(until: areBack, limit: end - .now)
            guard back.done else {
                let missing = running.filter { !Self.runs(back.fleet.units[$0.name], as: $0) }.map(\.name)
                    .naturallySorted()
                throw SmokeFailure(
                    message: "after \(node.name) is back, not as before: \(missing.joined(separator: ", "))"
                )
            }
            // A unit may be on its way from one machine to another, and a program that exits at once is active first.
            let lasts = try await !fleet.observe(until: { !areBack($0) }, limit: executor.limits.steadyUnits).done
            if lasts { return }
        }
    }

    private static func runs(_ unit: ObservedFleet.Unit?) -> Bool {
        guard let unit, !unit.states.isEmpty else { return false }
        return unit.states.values.allSatisfy { $0 == "active" }
    }

    /// A unit that ran on one machine may have moved; one that ran on several is global, and is to be on all of them
    /// again.
    private static func runs(_ unit: ObservedFleet.Unit?, as before: ObservedFleet.Unit) -> Bool {
        guard let unit, runs(unit) else { return false }
        return before.states.count == 1 || before.states.keys.allSatisfy { unit.states[$0] != nil }
    }
}
