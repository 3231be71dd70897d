import Diagnostics
import TopologyModel

extension Planner {
    /// The plan that puts a backup into the etcd of a cluster that exists, and leaves its nodes as they are.
    ///
    /// All members get the keys at once, as an etcd cluster of its own; units on nodes run on meanwhile.
    ///
    /// - Parameter survivors: names of the only members that take part, where the others are lost; nil for all.
    /// - Throws: `DiagnosticsError` where a member is off or does not say where it is: it would come back with other
    ///   keys.
    package func restore(
        _ source: RestoreSource,
        over observed: Observation,
        survivors: Set<String>? = nil,
    ) throws(DiagnosticsError) -> Plan {
        if let cut = observed.provider.cutRestore(of: topology.name) { throw DiagnosticsError([cut.finding]) }
        let settled = Planner(topology: topology.settlingRuntimes(on: observed.provider), inputs: inputs)
        let builder = try settled.builder(from: observed)
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
        let steps = Self.steps(source, members: members, running: running, builder)
        do {
            return try Plan(
                cluster: topology.name,
                purpose: .restore,
                generation: builder.generation - 1,
                nodes: nodes,
                network: NetworkPlan(
                    cluster: topology.name,
                    cidr: topology.network.cidr,
                    mode: topology.network.mode,
                ),
                steps: steps,
                notes: [
                    survivors == nil
                        ? "What was written to etcd since \(source.words) is lost. Units that it knows run on; others are stopped."
                        : "etcd begins anew with \(source.words); what its members had not agreed on is lost.",
                    "Who watches etcd has to begin anew: its revisions go back.",
                ],
            )
        } catch {
            throw DiagnosticsError(error.diagnostics)
        }
    }

    private static func steps(
        _ source: RestoreSource,
        members: [NodePlan],
        running: [NodePlan],
        _ builder: PlanBuilder,
    ) -> [Step] {
        var builder = builder
        builder.steps = []
        let reason = "its keys are put back"
        var stopped: [StepID] = []
        for member in members {
            let id: StepID = "etcd/stop/\(member.name)"
            builder.add(Step(id, .restore(.stopEtcd(member)), reason: reason))
            stopped.append(id)
        }
        let cluster = EtcdPeer.initialCluster(members.map { EtcdPeer(name: $0.name, peerURL: $0.peerURL) })
        var restored: [StepID] = []
        for member in members {
            let id: StepID = "etcd/restore/\(member.name)"
            let action = RestoreAction.member(member, source, initialCluster: cluster, isNew: false)
            builder.add(
                Step(id, .restore(action), reason: "etcd goes back to \(source.words)", needs: stopped, cost: .destroys)
            )
            restored.append(id)
        }
        builder.awaitEtcd(members, id: "etcd/quorum", reason: "the members find each other", needs: restored)
        builder.planLegacyKeys(source, members)
        for node in running where node.runsFleet {
            let id: StepID = "node/\(node.name)/fleet"
            builder.add(
                Step(id, .restore(.restartFleet(node)), reason: "etcd's revisions went back", needs: builder.gate)
            )
        }
        for node in running {
            let needs: [StepID] = node.runsFleet ? ["node/\(node.name)/fleet"] : []
            let ready: StepID = "node/\(node.name)/ready"
            builder.add(
                Step(
                    ready,
                    .awaitNode(node),
                    reason: "it has another etcd",
                    needs: builder.unique(needs + builder.gate)
                )
            )
            builder.settled.append(ready)
        }
        builder.planRestoredUnits(source)
        return builder.steps
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

extension PlanBuilder {
    /// The plan of a node as it is: by the file where that asks for the same node, which says more.
    fileprivate func asItIs(_ node: ObservedNode) -> NodePlan? {
        let wanted = nodes.first { $0.name == node.name && $0.role.etcd == node.etcd && $0.address == node.address }
        guard let wanted else { return NodePlan(asItIs: node, network: topology.network.cidr) }
        return nodePlan(wanted, peers: wantedPeers, state: .existing)
    }
}
