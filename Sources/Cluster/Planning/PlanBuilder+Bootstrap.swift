import Diagnostics
import TopologyModel

/// The first start of etcd: members come up together, and find each other by their cloud-config.
extension PlanBuilder {
    /// True when etcd has never been whole.
    var isBootstrapping: Bool {
        observed.etcd == nil && !ownNodes.contains(where: \.mayHoldEtcdData)
    }

    mutating func planBootstrap(_ changes: [String: NodeChange]) throws(DiagnosticsError) {
        try checkRestorable()
        try checkFormation(changes)
        let cleared = clearLeaving()
        var started: [String: [StepID]] = [:]
        let members = wantedMembers.map { nodePlan($0, peers: wantedPeers, state: .new) }
        plans += members
        for plan in members {
            started[plan.name] = planBootstrapMember(plan, change: changes[plan.name] ?? .none, after: cleared)
        }
        if let source = inputs.restore {
            for plan in members {
                let needs = started[plan.name] ?? []
                started[plan.name] = [planRestoredMember(plan, source, peers: wantedPeers, needs: needs)]
            }
        }
        let all = members.flatMap { started[$0.name] ?? [] }
        awaitEtcd(members, id: "etcd/quorum", reason: "the members find each other", needs: all)
        if let source = inputs.restore { planLegacyKeys(source, members) }
        if let etcdGate { settled.append(etcdGate) }
        for plan in members { awaitNode(plan, reason: "it is a member", needs: started[plan.name] ?? []) }
    }

    /// A member that was started for other members than those wanted now may have become a cluster with them since it
    /// was last seen; it must not become a second one.
    private func checkFormation(_ changes: [String: NodeChange]) throws(DiagnosticsError) {
        let wanted = EtcdPeer.formation(wantedPeers)
        for node in ownNodes where node.phase > .defined && node.phase != .leaving && node.hasStorage {
            guard case .forming(let digest) = node.etcdHistory else { continue }
            if digest != wanted {
                try refuse(node, "was started for other members than the file now asks for")
            } else if case .rebuild(let reason) = changes[node.name] {
                try refuse(node, "was started before, so it cannot be made anew (\(reason))")
            }
        }
    }

    private func refuse(_ node: ObservedNode, _ problem: String) throws(DiagnosticsError) {
        throw DiagnosticsError([
            .error(
                "etcd on '\(node.name)' \(problem), and it does not answer",
                notes: [
                    "finish with the file as it was: slipway up; see what it says: slipway logs \(node.name)",
                    "or begin anew, without what is stored on it: slipway down \(topology.name)",
                ],
            )
        ])
    }

    /// Removes members that an earlier run was removing. They may have been started together with others than those
    /// wanted now, and run still: they are gone before any other is started.
    ///
    /// - Returns: the steps after which they are.
    private mutating func clearLeaving() -> [StepID] {
        ownNodes.filter { $0.phase == .leaving && $0.etcd == .member }.map { node in
            removeNode(node.name, reason: "an earlier run was removing it", needs: [])
        }
    }

    private mutating func planBootstrapMember(
        _ plan: NodePlan,
        change: NodeChange,
        after cleared: [StepID],
    ) -> [StepID] {
        let path = "node/\(plan.name)"
        let ground = groundwork + cleared
        switch change {
        case .create(let reason):
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: ground))
        case .rebuild(let reason):
            let removed = removeNode(plan.name, reason: reason, needs: [])
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: unique([removed] + ground)))
        case .reconfigure(let reason):
            let action = Action.reconfigureNode(plan)
            add(Step("\(path)/create", action, reason: reason, needs: ground, cost: .restarts))
        case .start(let reason):
            add(Step("\(path)/create", .startNode(NodeReference(plan)), reason: reason, needs: ground))
        case .none, .await, .lost:
            return []
        }
        return ["\(path)/create"]
    }
}
