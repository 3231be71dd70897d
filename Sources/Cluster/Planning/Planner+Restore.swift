import Diagnostics
import TopologyModel

extension Planner {
    /// The plan that puts a backup into the etcd of a cluster that exists, and leaves its nodes as they are.
    ///
    /// All members get the keys at once, as an etcd cluster of its own; units on nodes run on meanwhile.
    ///
    /// - Parameter survivors: names of the only members whose data count, where the others are lost: those are made
    ///   anew with the same keys, as far as the topology asks for them. Nil for all.
    /// - Throws: `DiagnosticsError` where a member is off or does not say where it is: it would come back with other
    ///   keys.
    package func restore(
        _ source: RestoreSource,
        over observed: Observation,
        survivors: Set<String>? = nil,
    ) throws(DiagnosticsError) -> Plan {
        if let cut = observed.provider.cutRestore(of: topology.name) { throw DiagnosticsError([cut.finding]) }
        var inputs = inputs
        inputs.restore = source
        let settled = Planner(topology: topology.settlingRuntimes(on: observed.provider), inputs: inputs)
        var builder = try settled.builder(from: observed)
        let present = observed.provider.nodes(of: topology.name).filter { node in
            survivors?.contains(node.name) ?? true || node.etcd != .member
        }
        let nodes = try present.filter { $0.hasDomain || $0.etcd == .member }.map { (node) throws(DiagnosticsError) in
            guard let plan = builder.asItIs(node) else { throw Self.unknown(node) }
            return plan
        }
        let members = nodes.filter { $0.etcd == .member }
        let running = nodes.filter { plan in present.contains { $0.name == plan.name && $0.power == .running } }
        let off = members.filter { member in !running.contains { $0.name == member.name } }
        guard off.isEmpty else { throw Self.off(off.map(\.name), topology.name) }
        // What has the name of a worker that is there cannot be made.
        let lost = survivors.map { survivors in
            builder.wantedMembers.filter { node in
                !survivors.contains(node.name) && !nodes.contains { $0.name == node.name }
            }
        }
        if lost?.isEmpty == false { try builder.checkRestorable() }
        let peers =
            members.map { EtcdPeer(name: $0.name, peerURL: $0.peerURL) }
            + (lost ?? []).map { EtcdPeer(name: $0.name, peerURL: $0.peerURL) }
        let made = (lost ?? []).map { builder.nodePlan($0, peers: peers, state: .new) }
        builder.steps = []
        builder.planRestore(source, members: members, running: running, made: made, peers: peers)
        do {
            return try Plan(
                cluster: topology.name,
                purpose: .restore,
                generation: made.isEmpty ? builder.generation - 1 : builder.generation,
                nodes: nodes + made,
                network: NetworkPlan(
                    cluster: topology.name,
                    cidr: topology.network.cidr,
                    mode: topology.network.mode,
                ),
                steps: builder.steps,
                notes: [
                    survivors == nil
                        ? "What was written to etcd since \(source.words) is lost. Units that it knows run on; others are stopped."
                        : "etcd begins anew with \(source.words); what its members had not agreed on is lost.",
                    "Who watches etcd has to begin anew: its revisions go back.",
                ] + (source.loss.map { [$0.sentence] } ?? []),
            )
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    private static func unknown(_ node: ObservedNode) -> DiagnosticsError {
        DiagnosticsError([
            .error(
                "nothing says how '\(node.name)' is reached, or it is no whole node",
                notes: ["remove the cluster and make it anew from the backup: slipway down \(node.cluster)"],
            )
        ])
    }

    private static func off(_ names: [String], _ cluster: String) -> DiagnosticsError {
        DiagnosticsError([
            .error(
                "\(names.joined(separator: ", ")): members of etcd that are off would come back with other keys",
                notes: [
                    "start them first: slipway start \(cluster) \(names[0])",
                    "or remove the cluster and make it anew from the backup: slipway down \(cluster)",
                ],
            )
        ])
    }
}

extension Observation {
    /// Names of the members that have their disks, where others have lost theirs; nil where none has. A disk that cannot
    /// be seen is not lost.
    package func survivors(of cluster: String) -> Set<String>? {
        let members = provider.nodes(of: cluster).filter { $0.etcd == .member && $0.phase != .leaving }
        let lost = members.filter { !$0.hasStorage && $0.obstacle == nil && $0.power == .off }
        guard !lost.isEmpty else { return nil }
        return Set(members.map(\.name)).subtracting(lost.map(\.name))
    }
}

extension PlanBuilder {
    /// Members that are there stop etcd and get the keys; those that are lost are made anew meanwhile and wait for
    /// them, so that none has to join.
    fileprivate mutating func planRestore(
        _ source: RestoreSource,
        members: [NodePlan],
        running: [NodePlan],
        made: [NodePlan],
        peers: [EtcdPeer],
    ) {
        var stopped: [StepID] = []
        for member in members {
            let id: StepID = "etcd/stop/\(member.name)"
            add(Step(id, .restore(.stopEtcd(member)), reason: "its keys are put back"))
            stopped.append(id)
        }
        let created = planMadeAnew(made)
        let cluster = EtcdPeer.initialCluster(peers)
        var restored: [StepID] = []
        for member in members {
            let id: StepID = "etcd/restore/\(member.name)"
            let action = RestoreAction.member(member, source, initialCluster: cluster, isNew: false)
            add(
                Step(id, .restore(action), reason: "etcd goes back to \(source.words)", needs: stopped, cost: .destroys)
            )
            restored.append(id)
        }
        for member in made {
            let needs = created[member.name].map { [$0] } ?? []
            restored.append(planRestoredMember(member, source, peers: peers, needs: needs))
        }
        let all = members + made
        awaitEtcd(all, id: "etcd/quorum", reason: "the members find each other", needs: restored)
        planLegacyKeys(source, all)
        for node in running where node.runsFleet {
            let id: StepID = "node/\(node.name)/fleet"
            add(Step(id, .restore(.restartFleet(node)), reason: "etcd's revisions went back", needs: gate))
        }
        for node in running {
            let needs: [StepID] = node.runsFleet ? ["node/\(node.name)/fleet"] : []
            let ready: StepID = "node/\(node.name)/ready"
            add(Step(ready, .awaitNode(node), reason: "it has another etcd", needs: unique(needs + gate)))
            settled.append(ready)
        }
        // As in a cluster that comes up: what takes time besides etcd is over when the members have found each other.
        for node in made {
            let ready: StepID = "node/\(node.name)/ready"
            add(Step(ready, .awaitNode(node), reason: "it is a member", needs: ["etcd/restore/\(node.name)"]))
            settled.append(ready)
        }
        planRestoredUnits(source)
    }

    /// - Returns: for each node, the step that makes it.
    private mutating func planMadeAnew(_ made: [NodePlan]) -> [String: StepID] {
        guard !made.isEmpty else { return [:] }
        let reason = "it is lost, and made anew"
        planImage(Dictionary(uniqueKeysWithValues: made.map { ($0.name, .create(reason)) }))
        planNetwork(NetworkPlan(cluster: topology.name, cidr: topology.network.cidr, mode: topology.network.mode))
        var created: [String: StepID] = [:]
        for node in made {
            let isThere = ownNodes.contains { $0.name == node.name }
            let removed = isThere ? [removeNode(node.name, reason: reason, needs: [])] : []
            created[node.name] = "node/\(node.name)/create"
            add(
                Step("node/\(node.name)/create", .createNode(node), reason: reason, needs: unique(removed + groundwork))
            )
        }
        return created
    }

    /// The plan of a node as it is: by the file where that asks for the same node, which says more.
    fileprivate func asItIs(_ node: ObservedNode) -> NodePlan? {
        let wanted = nodes.first { $0.name == node.name && $0.role.etcd == node.etcd && $0.address == node.address }
        guard let wanted else { return NodePlan(asItIs: node, network: topology.network.cidr) }
        return nodePlan(wanted, peers: wantedPeers, state: .existing)
    }
}
