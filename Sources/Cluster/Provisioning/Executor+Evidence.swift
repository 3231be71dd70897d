import Basics
import Etcd
import Planning
import SecureShell
import TopologyModel

/// Errors that say what was seen.
extension Executor {
    /// Runs `wait`, and ends it at once when one of the nodes it waits for stops.
    func guarded<Result: Sendable>(
        _ nodes: [NodePlan],
        _ wait: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        let stops = await provider.stoppedDomains()
        return try await race([
            wait,
            {
                for await stopped in stops {
                    guard let node = nodes.first(where: { $0.domainName == stopped }) else { continue }
                    throw await self.stoppedFailure(node, "stopped while it was starting")
                }
                // The stream ended with its connection; the wait itself has a deadline.
                try await Task.sleep(for: .seconds(86_400))
                throw CancellationError()
            },
        ])
    }

    /// Returns the error of a node that is off, with what it and the hypervisor said last.
    func stoppedFailure(_ node: NodePlan, _ what: String) async -> ProvisioningError {
        ProvisioningError(
            "node \(node.name) \(what)",
            evidence: await provider.evidence(for: NodeReference(node), lines: 20),
            hints: ["slipway logs \(node.cluster) \(node.name)", "run the same command again once the cause is fixed"],
        )
    }

    /// Returns the error of a node that did not reach a rung, with evidence from the node.
    func nodeFailure(_ node: NodePlan, what: String, unit: String?) async -> ProvisioningError {
        var evidence: [String] = []
        if let unit {
            let command = Self.unitState(unit, lines: 15) + (unit == NodeUnit.etcd.rawValue ? "; \(Self.room)" : "")
            if let output = try? await shell.run(command, on: node.name, at: node.address, deadline: .seconds(5)) {
                evidence += output.standardOutput.split(whereSeparator: \.isNewline).map(String.init)
            }
        }
        // etcd has a dozen messages for data that no restart mends; a person tells them from a setting it refuses.
        let replacement =
            unit == NodeUnit.etcd.rawValue && node.etcd == .member
            ? [
                "if its data are broken and the other members are well: slipway replace \(node.cluster) \(node.name)"
            ] : []
        let full = evidence.filter { $0.hasPrefix(Self.fullPrefix) }.map { "make room on \(node.name): \($0)" }
        if evidence.isEmpty {
            evidence = await provider.evidence(for: NodeReference(node), lines: 20)
        }
        return ProvisioningError(
            "node \(node.name): \(what)",
            evidence: evidence,
            hints: full + [
                "slipway logs \(node.cluster) \(node.name)",
                "run the same command again once the cause is fixed; it goes on from here",
            ] + (full.isEmpty ? replacement : []),
        )
    }

    /// The command that shows a unit's state and its last lines. `systemctl status` has none between two starts of a
    /// unit that ends again and again.
    private static func unitState(_ unit: String, lines: Int) -> String {
        let log = "journalctl --no-pager --quiet -u \(unit)"
        // The traces of a program's threads can be longer than what is shown.
        return "systemctl status --no-pager --full --lines=0 \(unit); \(log) -n 300 | grep -F '\(panic)' | tail -n 1; "
            + "\(log) -n \(lines)"
    }

    /// Beginning of the line that says that etcd has no room for its data.
    private static let fullPrefix = "the file system with the data of etcd is full"

    /// The command that says so. What etcd logs of it is far above what it logs as it begins anew.
    private static let room = """
        data=$(systemctl show --property=Environment --value etcd2.service | tr ' ' '\\n' |
            sed -n 's/^ETCD_DATA_DIR=//p' | tail -n 1)
        df -Pk "${data:-/var/lib/etcd2}" | awk 'NR == 2 && $4 < 1024 { print "\(fullPrefix) (" $6 ")" }'
        """

    /// Prefix of the last line that a Go program writes as it crashes.
    private static let panic = "panic: "

    func etcdFailure(_ members: [NodePlan], unhealthy: [String], limit: Duration) async -> ProvisioningError {
        let names = unhealthy.joined(separator: ", ")
        guard let first = members.first(where: { unhealthy.contains($0.name) }) else {
            return ProvisioningError("etcd is not healthy after \(limit)")
        }
        return await nodeFailure(
            first,
            what: "etcd is not healthy on \(names) (waited \(limit))",
            unit: "etcd2.service",
        )
    }

    /// Units that did not come up, with the last lines of the first that failed.
    func unitsFailure(_ status: UnitsStatus, plan: Plan) async -> ProvisioningError {
        let names = (Array(status.failed.keys) + Array(status.pending.keys)).naturallySorted()
        var evidence = [status.summary]
        let starting = status.pending.filter { $0.value == "activating" }.keys.naturallySorted()
        for unit in (status.failed.keys.naturallySorted() + starting).prefix(2) {
            evidence += await unitEvidence(unit, plan: plan)
        }
        return ProvisioningError(
            "not in the state wanted (waited \(limits.units) at most): \(names.joined(separator: ", "))",
            evidence: evidence,
            hints: [
                "slipway exec \(plan.cluster) NODE -- fleetctl list-units",
                "fix the unit's file and run the same command again",
            ],
        )
    }

    private func unitEvidence(_ unit: String, plan: Plan) async -> [String] {
        let quoted = ShellWord.quoted(unit)
        for node in plan.nodes where node.runsFleet {
            let state = Self.unitState(quoted, lines: 10)
            let command = "systemctl is-active \(quoted) | grep -qxE 'failed|activating' && { \(state); }"
            guard let output = try? await shell.run(command, on: node.name, at: node.address, deadline: .seconds(5)),
                !output.standardOutput.isEmpty
            else { continue }
            return ["\(unit) on \(node.name):"]
                + output.standardOutput.split(whereSeparator: \.isNewline).map(String.init)
        }
        return []
    }
}
