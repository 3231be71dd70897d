import Basics
import Etcd
import Planning
import SecureShell
import TopologyModel

/// The rungs a started node climbs until it is ready: its address answers, ssh lets us in, etcd answers on it, its
/// cloud-config is applied, fleet lists it.
struct Ladder {
    let executor: Executor
    let node: NodePlan
    let members: [NodePlan]
    let say: @Sendable (String) -> Void
    /// Says what a person should know afterwards, too.
    let warn: @Sendable (String) -> Void

    /// A fast node waits for slow members, whose etcd is its own rung.
    var limits: Executor.Limits { executor.limits.slowed(for: [node] + members) }

    func climb() async throws {
        try await executor.guarded([node]) { try await climbRungs() }
        try await executor.provider.setPhase(.ready, of: NodeReference(node))
    }

    private func climbRungs() async throws {
        try await address()
        guard node.slowness < NodePlan.slowestMachine else {
            // A login would take the processor's time that etcd needs.
            try await etcd()
            try await cloudConfig()
            return try await fleet()
        }
        // The login is made while etcd's members find each other, when the node has nothing else to do.
        async let configured: Void = cloudConfig()
        async let listed: Void = etcdAndFleet()
        _ = try await (listed, configured)
    }

    private func etcdAndFleet() async throws {
        try await etcd()
        try await fleet()
    }

    private func address() async throws {
        say("waiting for its address to answer")
        let address = node.address
        let answered = try await Waiting.until(limits.address, pause: limits.pause) {
            await executor.reaches(address, 22) ? true : nil
        }
        guard answered != nil else { throw await failure("port 22 of \(address) does not answer", limits.address) }
    }

    private func etcd() async throws {
        guard node.etcd != .none else { return }
        say("waiting for etcd on it")
        let etcd = executor.clusters.etcd([node.clientURL])
        let last = Latest("no answer")
        let healthy = try await executor.whileTrying(.etcd, on: [node], warn: warn) {
            try await Waiting.until(limits.etcd, pause: limits.pause) { () -> Bool? in
                do {
                    if try await etcd.health(of: node.clientURL) { return true }
                    _ = last.update("etcd says that it is not healthy")
                } catch {
                    _ = last.update("\(error)")
                }
                return nil
            }
        }
        guard healthy != nil else {
            throw await failure(
                "etcd at \(node.clientURL) is not healthy: \(last.value)",
                limits.etcd,
                unit: "etcd2.service"
            )
        }
        if node.etcd == .member { try await executor.recordEtcd(of: node, say: say) }
    }

    /// Logins take time from etcd's start, so they wait until its port is open; whether etcd works is another rung's
    /// matter.
    private func etcdListens() async throws {
        guard node.etcd != .none else { return }
        let address = node.address
        _ = try await Waiting.until(limits.etcd, pause: limits.pause) {
            await executor.reaches(address, 2379) ? true : nil
        }
    }

    /// Waits on the node itself for the word of coreos-cloudinit, whose last act is to start etcd and fleet.
    private func cloudConfig() async throws {
        let limit = limits.etcd + limits.cloudConfig
        try await etcdListens()
        // One login that waits for the result instead of a login a question.
        let script = node.seed.bringsNodePrograms ? Self.awaitCloudConfig(limit) : "true"
        do {
            let output = try await executor.shell.run(
                script,
                on: node.name,
                at: node.address,
                deadline: limit + .seconds(10),
            )
            if output.exitCode == 0, output.standardOutput.contains("\"ok\":true") { return }
            // Ignition does its work before the system starts: who can log in was let in by it.
            if output.exitCode == 0, !node.seed.bringsNodePrograms { return }
            let said = output.standardOutput.isEmpty ? "it has not said anything" : output.standardOutput
            throw await failure("its cloud-config is not applied: \(said)", limit, unit: "coreos-cloudinit.service")
        } catch let error as SSHError {
            throw await failure("ssh: \(error)", limit)
        }
    }

    /// Prints the last word of coreos-cloudinit. On a node whose image lacks it, it is installed first.
    private static func awaitCloudConfig(_ limit: Duration) -> String {
        """
        result=/run/coreos-cloudinit/result.json; timeout \(limit.components.seconds) sh -c \
        "until [ -e $result ]; do sleep 0.2; done; \
        tail -n +1 -F $result 2>/dev/null | grep -m 1 -e stage.:.done -e ok.:false" || { cat $result; exit 1; }
        """
    }

    private func fleet() async throws {
        guard node.runsFleet else { return }
        say("waiting for fleet to list it")
        let fleet = executor.clusters.fleet(members.map(\.clientURL))
        let id = node.machineID
        let limit = limits.fleet
        let result = try await executor.whileTrying(.fleet, on: [node], warn: warn) {
            try await fleet.observe(until: { $0.machines.contains(id) }, limit: limit)
        }
        guard result.done else {
            throw await failure("fleet does not list machine \(id.prefix(8))", limit, unit: "fleet.service")
        }
    }

    private func failure(_ what: String, _ limit: Duration, unit: String? = nil) async -> ProvisioningError {
        await executor.nodeFailure(node, what: "\(what) (waited \(limit))", unit: unit)
    }
}
