import Basics
import Etcd
import Planning
import SecureShell
import TopologyModel

extension Executor {
    /// Does what one step says.
    func carryOut(_ step: Step, of plan: Plan) async throws {
        let say: @Sendable (String) -> Void = { [emit] in emit(.progress(step: step.id, text: $0)) }
        let warn: @Sendable (String) -> Void = { [emit] in emit(.warning(step: step.id, text: $0)) }
        switch step.action {
        case .buildImage(let digests), .fetchImage(let digests, _):
            _ = try await images.ensure(digests, progress: say)
        case .createNetwork(let network):
            try await provider.createNetwork(network)
        case .createNode(let node):
            try await create(node)
        case .startNode(let node):
            try await provider.start(node)
        case .setAutostart(let node, let isOn):
            try await provider.setAutostart(isOn, of: node)
        case .defineNode(let node):
            try await provider.redefine(node, image: images.ensure(node.image, progress: say))
        case .setMemory(let node, let mebibytes):
            try await provider.setMemory(of: node, to: mebibytes)
        case .reconfigureNode(let node):
            try await reconfigure(node, say: say, warn: warn)
        case .rebootNode(let node, let semaphore):
            try await reboot(node, semaphore: semaphore, of: plan, say: say, warn: warn)
        case .upgradeNode(let upgrade):
            try await self.upgrade(upgrade, of: plan, say: say, warn: warn)
        case .stageNode(let staging):
            try await stage(staging, say: say)
        case .releaseReboot(let node, let semaphore):
            try await releaseReboot(node, semaphore: semaphore, say: say)
        case .awaitEtcd(let members):
            try await awaitEtcd(members, say: say, warn: warn)
        case .awaitQuorum(let members):
            try await awaitEtcd(members, atLeast: 1, say: say, warn: warn)
        case .addMember(let node, let endpoints):
            try await addMember(node, endpoints: endpoints, say: say)
        case .promoteMember(let node, let endpoints):
            try await promoteMember(node, endpoints: endpoints, say: say, warn: warn)
        case .removeMember(let name, let peerURL, let endpoints):
            try await removeMember(name, peerURL: peerURL, endpoints: endpoints, say: say)
        case .awaitNode(let node):
            let begin = ContinuousClock.now
            var ladder = Ladder(executor: self, node: node, members: members(of: plan), say: say, warn: warn)
            ladder.reach = { [emit] in emit(.reached(step: step.id, node: node.name, rung: $0, took: .now - begin)) }
            try await ladder.climb()
        case .drainMachines(let machines):
            let fleet = fleet(of: plan)
            try await retryingKeys("fleet does not drain the machines", say: say) { try await fleet.drain(machines) }
        case .leaveFleet(let node, let machineID, let address):
            try await leaveFleet(node, machineID: machineID, address: address, plan: plan, say: say, warn: warn)
            if !plan.nodes.contains(where: { $0.machineID == machineID }) {
                // A node of the same name, should there be one again, is the same machine to fleet.
                try await retryingKeys("fleet does not forget that \(node) was drained", say: say) {
                    try await fleet(of: plan).endDrain(machineID: machineID)
                }
            }
        case .removeNode(let node):
            try await remove(node, of: plan, say: say, warn: warn)
        case .deployUnit(let unit):
            let fleet = fleet(of: plan)
            try await retryingKeys("fleet does not take \(unit.name)", say: say) { try await fleet.deploy(unit) }
        case .destroyUnit(let name):
            let fleet = fleet(of: plan)
            try await retryingKeys("fleet does not let \(name) go", say: say) { try await fleet.destroy(name) }
        case .awaitUnits(let units):
            try await awaitUnits(units, plan: plan, say: say, warn: warn)
        case .restore(let action):
            try await restore(action, say: say, warn: warn)
        case .snapshot(let action):
            try await putBack(action)
        case .removeNetwork(let cluster):
            try await provider.removeNetwork(cluster: cluster)
        case .removeRemains(let cluster):
            try await provider.removeClusterRemains(cluster)
        }
    }

    func members(of plan: Plan) -> [NodePlan] { plan.nodes.filter { $0.etcd == .member } }

    func fleet(of plan: Plan) -> any FleetAccess { clusters.fleet(members(of: plan).map(\.clientURL)) }

    // MARK: Nodes

    private func create(_ node: NodePlan) async throws {
        let image = try await images.ensure(node.image) { _ in }
        try await provider.allocate(node, image: image)
        try await provider.define(node, image: image)
        // The phase comes first: a start that is cut short must not look like a node that never ran.
        try await provider.setPhase(.started, of: NodeReference(node))
        try await provider.start(NodeReference(node))
    }

    private func reconfigure(
        _ node: NodePlan,
        say: @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        let image = try await images.ensure(node.image) { _ in }
        // A node that cannot be given its new configuration runs on with the old.
        try await provider.checkAllocation(of: node, image: image)
        try await restart(node, image: image, say: say, warn: warn)
    }

    /// Stops the node and starts it with another configuration or image.
    func restart(
        _ node: NodePlan,
        image: NodeImagePaths,
        say: @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        let reference = NodeReference(node)
        try await shutDown(reference, say: say, warn: warn)
        try await provider.allocate(node, image: image)
        try await provider.define(node, image: image)
        try await provider.setPhase(.started, of: reference)
        say("starting")
        try await provider.start(reference)
    }

    /// Gives the node's units the time they ask for.
    func shutDown(
        _ node: NodeReference,
        say: @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        say("shutting down")
        guard try await provider.stop(node, deadline: limits.shutdown) == .powerCut else { return }
        warn("power cut after \(limits.shutdown.components.seconds) s")
    }

    private func remove(
        _ node: NodeReference,
        of plan: Plan,
        say: @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        try await provider.setPhase(.leaving, of: node)
        if let address = plan.lastMembers[node.name] { try await endWithoutSuccessor(node.name, at: address, say: say) }
        // Its units may have work to end, and others to tell.
        if limits.shutdown > .zero { try await shutDown(node, say: say, warn: warn) }
        try await provider.remove(node)
    }

    /// Has etcd end at once when its node stops. A leader would first wait seconds for another to take over, and all of
    /// them go.
    private func endWithoutSuccessor(
        _ member: String,
        at address: IPv4Address,
        say: @Sendable (String) -> Void,
    ) async throws {
        let directory = "/run/systemd/system/etcd2.service.d"
        let script =
            "mkdir -p \(directory) && printf '[Service]\\nKillSignal=SIGKILL\\n' >\(directory)/90-last.conf && "
            + "systemctl daemon-reload"
        do {
            let command = "sudo sh -c \(ShellWord.quoted(script))"
            let output = try await shell.run(command, on: member, at: address, deadline: limits.dismissal)
            if output.exitCode != 0 { say("its etcd takes its time: \(output.standardError.trimmed)") }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            say("its etcd takes its time: \(error)")
        }
    }

    // MARK: fleet

    func leaveFleet(
        _ node: String,
        machineID: String,
        address: IPv4Address?,
        plan: Plan,
        say: @escaping @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        let fleet = fleet(of: plan)
        if let address {
            say("asking fleetd to leave")
            if try await isAskedToLeave(node, machineID: machineID, at: address, fleet, say: say, warn: warn) {
                do {
                    let gone: @Sendable (ObservedFleet) -> Bool = { !$0.machines.contains(machineID) }
                    if try await fleet.observe(until: gone, limit: limits.leave).done { return }
                } catch let error where Self.isTransient(error) {
                    try Task.checkCancellation()
                    say("\(error)")
                }
            }
        }
        say("taking it off fleet's list")
        try await retryingKeys("fleet does not forget \(node)", say: say) {
            try await fleet.forget(machineID: machineID)
        }
    }

    /// Asks fleetd on a node to stop its units and leave: by its record in etcd, or, where it is of a version that does
    /// not look there, by a signal. A login would cost more than all else of a node's departure.
    private func isAskedToLeave(
        _ node: String,
        machineID: String,
        at address: IPv4Address,
        _ fleet: any FleetAccess,
        say: @escaping @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws -> Bool {
        let asked = Latest(false)
        try await retryingKeys("fleet does not take note that \(node) is to leave", say: say) {
            _ = asked.update(try await fleet.askToLeave(machineID: machineID))
        }
        if asked.value { return true }
        let command = "sudo systemctl kill --kill-who=main --signal=USR2 fleet.service"
        return try await isDone(command, on: node, at: address, warn: warn)
    }

    /// Returns whether a command of a node that leaves succeeded; where it did not, the reason is said and the work
    /// goes on.
    private func isDone(
        _ command: String,
        on node: String,
        at address: IPv4Address,
        warn: @Sendable (String) -> Void,
    ) async throws -> Bool {
        do {
            let output = try await shell.run(command, on: node, at: address, deadline: limits.leave)
            if output.exitCode == 0 { return true }
            let said = output.standardError.split(whereSeparator: \.isNewline).last ?? "exit code \(output.exitCode)"
            warn("fleetd on \(node) was not asked to leave: \(said)")
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            warn("fleetd on \(node) was not asked to leave: \(error)")
        }
        return false
    }
}
