import Basics
import Planning
import SecureShell
import UnitFiles

/// Waiting for fleet's units.
extension Executor {
    /// Waits until the units are as wanted, and says meanwhile which of them end again and again, and why.
    func awaitUnits(
        _ units: [UnitPlan],
        plan: Plan,
        say: @escaping @Sendable (String) -> Void,
        warn: @escaping @Sendable (String) -> Void,
    ) async throws {
        var watches: [@Sendable () async throws -> Void] = [
            { try await settle(units, plan: plan, say: say) },
            { try await tellRestarts(of: units, plan: plan, warn: warn) },
        ]
        let machines = Set(units.flatMap { $0.everywhere ?? [] })
        if !machines.isEmpty { watches.append { try await noticeStops(of: machines, plan: plan) } }
        try await race(watches)
    }

    /// Throws once a node is off whose machine is to run a global unit, which comes up nowhere else. One that reboots is
    /// off for a moment only.
    ///
    /// - Returns: never; it ends with its task.
    private func noticeStops(of machines: Set<String>, plan: Plan) async throws {
        let nodes = plan.nodes.filter { machines.contains($0.machineID) }
        let pace = limits.slowed(for: nodes).look
        var off: Set<String> = []
        while true {
            try await Task.sleep(for: pace)
            // The wait itself says when fleet cannot be asked; its members may be what is off.
            let listed = try? await fleet(of: plan).observe(until: { _ in true }, limit: pace).fleet.machines
            guard !machines.isSubset(of: listed ?? []) else {
                off = []
                continue
            }
            let still: Set<String>
            do {
                still = Set(try await provider.observe().nodes.filter { $0.power == .off }.map(\.domainName))
            } catch is ProviderError {
                // Nothing follows from an answer that does not come.
                continue
            }
            if let node = nodes.first(where: { off.contains($0.domainName) && still.contains($0.domainName) }) {
                throw await stoppedFailure(node, "stopped while its units were waited for")
            }
            off = still
        }
    }

    private func settle(
        _ units: [UnitPlan],
        plan: Plan,
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        let fleet = fleet(of: plan)
        let limit = limits.slowed(for: plan.nodes).units
        let last = Latest("")
        let end = ContinuousClock.now + limit
        var status: UnitsStatus
        var lasts = false
        repeat {
            let result = try await fleet.observe(
                until: { seen in
                    let status = UnitsStatus(units, seen: seen)
                    if last.update(status.summary), !status.isDone { say(status.summary) }
                    return status.isDone || status.isHopeless
                },
                limit: end - ContinuousClock.now,
            )
            let found = UnitsStatus(units, seen: result.fleet)
            status = found
            guard result.done else { break }
            // A program that exits at once is active for a moment, and a mended one is known as failed for another.
            lasts = try await isSteady(found, of: units, fleet: fleet, say: say)
        } while !lasts && ContinuousClock.now < end
        guard !status.isDone || !lasts else {
            return try await retryingKeys("etcd does not record which units are deployed", say: say) {
                try await fleet.record(deployed: units.map(\.name))
            }
        }
        guard !status.isDone else {
            throw ProvisioningError(
                "the units were as wanted again and again, and did not stay so (waited \(limit))",
                evidence: [status.summary],
                hints: ["see which of them come and go: slipway exec \(plan.cluster) NODE -- fleetctl list-units"],
            )
        }
        throw await unitsFailure(status, plan: plan)
    }

    /// Returns whether units stay in a state for a while. Not where fleet's state could not be read meanwhile.
    private func isSteady(
        _ found: UnitsStatus,
        of units: [UnitPlan],
        fleet: any FleetAccess,
        say: @Sendable (String) -> Void,
    ) async throws -> Bool {
        do {
            return try await !fleet.observe(
                until: { UnitsStatus(units, seen: $0) != found },
                limit: found.isDone ? limits.steadyUnits : limits.failedUnits,
            ).done
        } catch let error where Self.isTransient(error) {
            try Task.checkCancellation()
            say("\(error)")
            return false
        }
    }

    /// Watches units that are being started, and reports why each has ended, from the second time on: the cause may
    /// pass, or need a person.
    ///
    /// - Returns: never; it ends with its task.
    private func tellRestarts(of units: [UnitPlan], plan: Plan, warn: @Sendable (String) -> Void) async throws {
        let pace = limits.slowed(for: plan.nodes).look
        let nodes = Dictionary(plan.nodes.map { ($0.machineID, $0) }) { first, _ in first }
        var told: Set<String> = []
        while true {
            try await Task.sleep(for: pace)
            // The wait itself says when fleet cannot be asked.
            guard let seen = try? await fleet(of: plan).observe(until: { _ in true }, limit: pace).fleet else {
                continue
            }
            for unit in units where unit.desiredState == .launched && !told.contains(unit.name) {
                let starting = seen.units[unit.name]?.states.filter { $0.value == "activating" }.keys.sorted() ?? []
                guard let node = starting.compactMap({ nodes[$0] }).first,
                    let text = await restarts(of: unit.name, on: node, deadline: pace * 5)
                else { continue }
                told.insert(unit.name)
                warn(text)
            }
        }
    }

    /// Returns a warning about a unit that has ended twice on a node; nil for other units, and where the node does not
    /// answer.
    private func restarts(of unit: String, on node: NodePlan, deadline: Duration) async -> String? {
        let name = ShellWord.quoted(unit)
        let question = """
            systemctl show -p ActiveState -p NRestarts \(name); \
            echo; journalctl --no-pager --quiet --output=cat --lines=1 _SYSTEMD_UNIT=\(name)
            """
        guard let answer = try? await shell.run(question, on: node.name, at: node.address, deadline: deadline),
            let trials = UnitTrials(answer.standardOutput), trials.restarts >= 2
        else { return nil }
        let said = answer.standardOutput.split(separator: "\n\n", maxSplits: 1).dropFirst().first?.trimmed ?? ""
        let last = said.isEmpty ? "it has said nothing" : said
        return "\(unit) on \(node.name) has ended \(trials.restarts) times and is started again: \(last)"
    }
}
