import Basics
import Etcd
import Planning
import SecureShell
import TopologyModel

/// The rungs a started node climbs until it is ready: its address answers, ssh lets us in, etcd answers on it, its
/// containers have a subnet where the topology asks for that, its cloud-config is applied, fleet lists it.
struct Ladder {
    let executor: Executor
    let node: NodePlan
    let members: [NodePlan]
    let say: @Sendable (String) -> Void
    /// Says what a person should know afterwards, too.
    let warn: @Sendable (String) -> Void
    /// Tells that the node is on a rung.
    var reach: @Sendable (Rung) -> Void = { _ in }

    /// A fast node waits for slow members, whose etcd is its own rung.
    var limits: Executor.Limits { executor.limits.slowed(for: [node] + members) }

    func climb() async throws {
        try await executor.guarded([node]) { try await climbRungs() }
        try await executor.provider.setPhase(.ready, of: NodeReference(node))
    }

    private func climbRungs() async throws {
        try await address()
        if try await !executor.provider.isWatched(NodeReference(node)) {
            warn("libvirt has lost it and will not see its end or reboot; restart it when that suits: slipway restart")
        }
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
        // A node registers through its own proxy: that fleet lists it says more than the proxy's answers, and is told to
        // all who wait by one watch.
        if node.etcd == .proxy, node.runsFleet { try await proxyOrFleet() }
        try await etcd()
        try await fleet()
    }

    /// Waits until fleet lists the node, or its proxy answers first, which is asked now and then.
    private func proxyOrFleet() async throws {
        say("waiting for etcd on it")
        let begin = ContinuousClock.now
        let last = Latest("no answer")
        let found: Bool? = try await patiently(limits.etcd) { limit in
            try await executor.whileTrying([.etcd, .fleet], on: [node], warn: warn) {
                try await race([
                    { try await isListed(within: limit) },
                    {
                        try await Task.sleep(for: limits.look)
                        return try await isHealthy(within: limit, pause: limits.look, last: last)
                    },
                ])
            }
        }
        guard found == nil else { return }
        throw await etcdFailure(last.value, since: begin)
    }

    /// Returns true when fleet lists the node within the time; nil where it does not.
    private func isListed(within limit: Duration) async throws -> Bool? {
        let id = node.machineID
        let fleet = executor.clusters.fleet(members.map(\.clientURL))
        do {
            return try await fleet.observe(until: { $0.machines.contains(id) }, limit: limit).done ? true : nil
        } catch let error where Executor.isTransient(error) {
            try Task.checkCancellation()
            return nil
        }
    }

    /// Returns true when etcd on the node says within the time that it is healthy; nil where it does not.
    private func isHealthy(within limit: Duration, pause: Duration, last: Latest<String>) async throws -> Bool? {
        let etcd = executor.clusters.etcd([node.clientURL])
        return try await Waiting.until(limit, pause: pause) { () -> Bool? in
            do {
                if try await executor.probes.take({ try await etcd.health(of: node.clientURL) }) { return true }
                _ = last.update("etcd says that it is not healthy")
            } catch let error as EtcdError {
                try Task.checkCancellation()
                _ = last.update("\(error)")
            }
            return nil
        }
    }

    /// Gives a wait its time, and then as much again for as long as the node has something new to say: it has begun,
    /// and the host may have much to do.
    ///
    /// - Parameter wait: waits for so long; nil where that was not enough.
    private func patiently<Result: Sendable>(
        _ limit: Duration,
        _ wait: (_ limit: Duration) async throws -> Result?,
    ) async throws -> Result? {
        if let result = try await wait(limit) { return result }
        let reference = NodeReference(node)
        var before = await executor.provider.evidence(for: reference, lines: 3)
        for _ in 1...4 {
            if let result = try await wait(limit / 4) { return result }
            let now = await executor.provider.evidence(for: reference, lines: 3)
            guard now != before else { return nil }
            before = now
        }
        return nil
    }

    private func address() async throws {
        say("waiting for its address to answer")
        let begin = ContinuousClock.now
        let address = node.address
        let answered = try await patiently(limits.address) { limit in
            try await Waiting.until(limit, pause: limits.pause) {
                await executor.reaches(address, 22) ? true : nil
            }
        }
        guard answered == nil else { return reach(.address) }
        throw await failure("port 22 of \(address) does not answer", since: begin)
    }

    private func etcd() async throws {
        guard node.etcd != .none else { return }
        say("waiting for etcd on it")
        let begin = ContinuousClock.now
        let last = Latest("no answer")
        let healthy = try await patiently(limits.etcd) { limit in
            try await executor.whileTrying([.etcd], on: [node], warn: warn) {
                try await isHealthy(within: limit, pause: limits.pause, last: last)
            }
        }
        guard healthy != nil else { throw await etcdFailure(last.value, since: begin) }
        reach(.etcd)
        if node.etcd == .member { try await executor.recordEtcd(of: node, say: say) }
    }

    private func etcdFailure(_ last: String, since begin: ContinuousClock.Instant) async -> ProvisioningError {
        let what = "etcd at \(node.clientURL) is not healthy: \(last)"
        return await failure(what, since: begin, unit: "etcd2.service")
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

    /// Waits on the node itself for the result of coreos-cloudinit, whose last act is to start etcd, fleet and flannel.
    private func cloudConfig() async throws {
        let limit = limits.etcd + limits.cloudConfig
        try await etcdListens()
        if try await isSetUpByItsWord() {
            // It says so only once flannel is started.
            if node.runsFlannel { reach(.flannel) }
            return reach(.cloudConfig)
        }
        try await flannel()
        let begin = ContinuousClock.now
        // One login that waits for the result instead of a login a question.
        let script = node.configMedium.bringsNodePrograms ? Self.awaitCloudConfig(limit) : "true"
        do {
            let output = try await executor.shell.run(
                script,
                on: node.name,
                at: node.address,
                deadline: limit + .seconds(10),
            )
            if output.exitCode == 0, output.standardOutput.contains("\"ok\":true") { return reach(.cloudConfig) }
            // Ignition does its work before the system starts: who can log in was let in by it.
            if output.exitCode == 0, !node.configMedium.bringsNodePrograms { return reach(.cloudConfig) }
            let said = output.standardOutput.isEmpty ? "it has not said anything" : output.standardOutput
            throw await failure(
                "its cloud-config is not applied: \(said)",
                since: begin,
                unit: "coreos-cloudinit.service"
            )
        } catch let error as SSHError {
            throw await failure("ssh: \(error)", since: begin)
        }
    }

    /// Waits for fleetd of the node, whose etcd listens by now, to say that the cloud-config is applied. That costs no
    /// login: one takes most of a second of a processor, and fifty nodes that come up have better use for it.
    ///
    /// - Returns: false where it has not said so in time: the node is asked, and what keeps it is found.
    private func isSetUpByItsWord() async throws -> Bool {
        guard node.runsFleet, node.configMedium.bringsNodePrograms, limits.word > .zero else { return false }
        let id = node.machineID
        let fleet = executor.clusters.fleet(members.map(\.clientURL))
        do {
            guard try await fleet.observe(until: { $0.machines.contains(id) }, limit: limits.word).done else {
                return false
            }
            // It is there, and either says so soon or is of a version that does not.
            return try await fleet.observe(until: { $0.setUp?.contains(id) == true }, limit: limits.word / 5).done
        } catch let error where Executor.isTransient(error) {
            try Task.checkCancellation()
            return false
        }
    }

    /// Prints the last result of coreos-cloudinit. On a node whose image lacks it, it is installed first.
    private static func awaitCloudConfig(_ limit: Duration) -> String {
        """
        result=/run/coreos-cloudinit/result.json; timeout \(limit.components.seconds) sh -c \
        "until [ -e $result ]; do sleep 0.2; done; \
        tail -n +1 -F $result 2>/dev/null | grep -m 1 -e stage.:.done -e ok.:false" || { cat $result; exit 1; }
        """
    }

    /// Waits for the subnet of the node's containers. coreos-cloudinit waits for it, too, and says less of why there is
    /// none.
    private func flannel() async throws {
        guard node.runsFlannel else { return }
        say("waiting for its containers' subnet")
        let begin = ContinuousClock.now
        let limit = limits.etcd + limits.flannel
        let unit = "flanneld.service"
        do {
            let script = Self.awaitActive(unit, limit)
            let deadline = limit + .seconds(10)
            let output = try await executor.shell.run(script, on: node.name, at: node.address, deadline: deadline)
            if output.exitCode == 0 { return reach(.flannel) }
            let said = output.standardOutput.trimmed
            let what = "its containers have no subnet: flanneld \(said.isEmpty ? "is not active" : "says '\(said)'")"
            throw await failure(what, since: begin, unit: unit)
        } catch let error as SSHError {
            throw await failure("ssh: \(error)", since: begin)
        }
    }

    /// Waits until a unit is active, and prints what it says of itself where it is not. One that is down is started.
    private static func awaitActive(_ unit: String, _ limit: Duration) -> String {
        """
        active() { systemctl --quiet is-active \(unit); }
        active || sudo systemctl start --no-block \(unit)
        for i in $(seq \(limit.components.seconds * 5)); do active && exit; sleep 0.2; done
        systemctl show --property=StatusText --value \(unit); exit 1
        """
    }

    private func fleet() async throws {
        guard node.runsFleet else { return }
        say("waiting for fleet to list it")
        let begin = ContinuousClock.now
        let listed = try await patiently(limits.fleet) { limit in
            try await executor.whileTrying([.fleet], on: [node], warn: warn) { try await isListed(within: limit) }
        }
        guard listed == nil else { return reach(.fleet) }
        let what = "fleet does not list machine \(node.machineID.prefix(8))"
        throw await failure(what, since: begin, unit: "fleet.service")
    }

    private func failure(
        _ what: String,
        since begin: ContinuousClock.Instant,
        unit: String? = nil,
    ) async -> ProvisioningError {
        let waited = (ContinuousClock.now - begin).components.seconds
        return await executor.nodeFailure(node, what: "\(what) (waited \(waited) s)", unit: unit)
    }
}
