import Diagnostics
import TopologyModel

/// Changes to etcd's members: one at a time, add before remove, and never fewer healthy voters than a majority.
extension PlanBuilder {
    mutating func planMembers(_ changes: [String: NodeChange]) throws(DiagnosticsError) {
        if isBootstrapping {
            planBootstrap(changes)
        } else if let etcd = observed.etcd, etcd.hasQuorum {
            try planMemberChanges(changes, etcd: etcd)
        } else {
            try planRecovery(changes)
        }
    }

    // MARK: The first start

    private mutating func planBootstrap(_ changes: [String: NodeChange]) {
        var started: [String: [StepID]] = [:]
        let members = wantedMembers.map { nodePlan($0, peers: wantedPeers, state: .new) }
        plans += members
        for plan in members {
            started[plan.name] = planBootstrapMember(plan, change: changes[plan.name] ?? .none)
        }
        let all = members.flatMap { started[$0.name] ?? [] }
        awaitEtcd(members, id: "etcd/quorum", reason: "the members find each other", needs: all)
        if let etcdGate { settled.append(etcdGate) }
        for plan in members { awaitNode(plan, reason: "it is a member", needs: started[plan.name] ?? []) }
    }

    private mutating func planBootstrapMember(_ plan: NodePlan, change: NodeChange) -> [StepID] {
        let path = "node/\(plan.name)"
        switch change {
        case .create(let reason):
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: groundwork))
        case .rebuild(let reason):
            removeNode(plan.name, reason: reason, needs: [], wasRunning: false)
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: ["\(path)/remove"] + groundwork))
        case .reconfigure(let reason):
            let action = Action.reconfigureNode(plan)
            add(Step("\(path)/create", action, reason: reason, needs: groundwork, cost: .restarts))
        case .start(let reason):
            add(Step("\(path)/create", .startNode(plan), reason: reason, needs: groundwork))
        case .none, .await:
            return []
        }
        return ["\(path)/create"]
    }

    // MARK: A cluster without a majority

    /// Members that are only off or not ready are brought back; anything else would risk the data.
    private mutating func planRecovery(_ changes: [String: NodeChange]) throws(DiagnosticsError) {
        let wanted = Set(nodes.map(\.name))
        if let surplus = memberNodesObserved.first(where: { $0.phase == .ready && !wanted.contains($0.name) }) {
            throw DiagnosticsError([noQuorum(surplus.name, "the topology does not ask for it any more")])
        }
        var started: [StepID] = []
        let members = wantedMembers.map { nodePlan($0, peers: wantedPeers, state: .existing) }
        plans += members
        for plan in members {
            switch changes[plan.name] ?? .none {
            case .start(let reason):
                add(Step("node/\(plan.name)/start", .startNode(plan), reason: reason, needs: groundwork))
                started.append("node/\(plan.name)/start")
            case .none, .await:
                break
            case .reconfigure(let reason) where !isRunning(plan.name) || certificatesHaveEnded(on: plan.name):
                // A member that is off, or to which nobody listens, is no loss while it restarts; its data stay.
                let id: StepID = "node/\(plan.name)/restart"
                add(Step(id, .reconfigureNode(plan), reason: reason, needs: groundwork, cost: .restarts))
                started.append(id)
            case .create(let reason), .rebuild(let reason), .reconfigure(let reason):
                throw DiagnosticsError([noQuorum(plan.name, reason)])
            }
        }
        awaitEtcd(members, id: "etcd/quorum", reason: "no majority of the members answers", needs: started)
        for plan in members { awaitNode(plan, reason: "it is a member", needs: []) }
    }

    private func certificatesHaveEnded(on name: String) -> Bool {
        let present = memberNodesObserved.first { $0.name == name }?.certificates
        return present.map { $0.notAfter < inputs.certificates.now } ?? false
    }

    private func noQuorum(_ name: String, _ reason: String) -> Diagnostic {
        .error(
            "etcd has no majority, so member '\(name)' cannot be changed safely (\(reason))",
            notes: [
                "see what the members say: slipway status \(topology.name); slipway logs \(name)",
                "bring the other members back first, or give the cluster and its data up: slipway down \(topology.name)",
            ],
        )
    }

    // MARK: A living cluster

    private mutating func planMemberChanges(
        _ changes: [String: NodeChange],
        etcd: ObservedEtcd,
    ) throws(DiagnosticsError) {
        var voters = Voters(etcd, nodes: nodes)
        planReturns(changes, voters: &voters)
        try planRebuilds(changes, voters: &voters)
        planJoins(changes, voters: &voters)
        try planRestarts(changes, voters: &voters)
        try planDepartures(etcd, voters: &voters)
    }

    /// Members etcd lists and that must be made anew: out, gone, in again.
    private mutating func planRebuilds(
        _ changes: [String: NodeChange],
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        for node in wantedMembers {
            guard case .rebuild(let reason) = changes[node.name], voters.lists(node.peerURL) else { continue }
            try removeVoter(node.name, peerURL: node.peerURL, reason: reason, voters: &voters)
            removeNode(node.name, reason: reason, needs: gate, wasRunning: isRunning(node.name))
            join(node, reason: reason, after: ["node/\(node.name)/remove"], voters: &voters)
        }
    }

    /// Members that only have to be switched on or seen ready: the sooner they vote, the more can be changed.
    private mutating func planReturns(_ changes: [String: NodeChange], voters: inout Voters) {
        for node in wantedMembers {
            let needs: [StepID]
            let cause: String
            switch changes[node.name] ?? .none {
            case .start(let reason):
                let plan = nodePlan(node, peers: wantedPeers, state: .existing)
                add(Step("node/\(plan.name)/start", .startNode(plan), reason: reason, needs: groundwork))
                (needs, cause) = (["node/\(plan.name)/start"], reason)
            case .await(let reason):
                (needs, cause) = ([], reason)
            case .none:
                plans.append(nodePlan(node, peers: wantedPeers, state: .existing))
                continue
            case .create, .rebuild, .reconfigure:
                continue
            }
            let plan = nodePlan(node, peers: wantedPeers, state: .existing)
            plans.append(plan)
            voters.markHealthy(node.peerURL)
            settle(plan, reason: cause, needs: needs, voters: voters)
        }
    }

    /// Nodes that become members, and members that were announced and never started.
    private mutating func planJoins(_ changes: [String: NodeChange], voters: inout Voters) {
        for node in wantedMembers where !plans.contains(where: { $0.name == node.name }) {
            switch changes[node.name] ?? .none {
            case .create(let reason):
                join(node, reason: reason, after: [], voters: &voters)
            case .rebuild(let reason):
                removeNode(node.name, reason: reason, needs: gate, wasRunning: isRunning(node.name))
                join(node, reason: reason, after: ["node/\(node.name)/remove"], voters: &voters)
            case .none, .start, .await, .reconfigure:
                continue
            }
        }
    }

    /// Members that get something new by a restart. Those that are away come first, as an interrupted restart leaves
    /// one: they cost no vote, and the others can then be spared.
    private mutating func planRestarts(
        _ changes: [String: NodeChange],
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        let away = wantedMembers.filter { !voters.healthy.contains($0.peerURL) }
        let present = wantedMembers.filter { voters.healthy.contains($0.peerURL) }
        for node in away + present {
            guard case .reconfigure(let reason) = changes[node.name] else { continue }
            let plan = nodePlan(node, peers: wantedPeers, state: .existing)
            plans.append(plan)
            try checkRestart(node, voters: voters)
            let needs = unique(groundwork + gate + (rollGate.map { [$0] } ?? []))
            let id: StepID = "node/\(node.name)/restart"
            add(Step(id, .reconfigureNode(plan), reason: reason, needs: needs, cost: .restarts))
            voters.markHealthy(node.peerURL)
            settle(plan, reason: reason, needs: [id], voters: voters)
            rollGate = "node/\(node.name)/ready"
        }
    }

    private mutating func planDepartures(_ etcd: ObservedEtcd, voters: inout Voters) throws(DiagnosticsError) {
        let wanted = Set(wantedMembers.map(\.peerURL))
        let own = observed.provider.nodes(of: topology.name)
        for member in etcd.members where !member.peerURLs.contains(where: wanted.contains) {
            let url = member.peerURLs.first ?? ""
            guard let node = own.first(where: { $0.peerURL == url }) else {
                warnings.append(
                    .warning("etcd lists member '\(member.name)' at \(url), which is no node of this cluster")
                )
                continue
            }
            let reason = "the topology does not ask for it"
            try removeVoter(node.name, peerURL: url, reason: reason, voters: &voters)
            // A node that stays under another role was removed and made anew above.
            guard !nodes.contains(where: { $0.name == node.name }) else { continue }
            removeNode(node.name, reason: reason, needs: gate, wasRunning: node.power == .running)
            settled.append("node/\(node.name)/remove")
        }
    }

    // MARK: One change

    private var gate: [StepID] { etcdGate.map { [$0] } ?? [] }

    private mutating func join(_ node: PlacedNode, reason: String, after: [StepID], voters: inout Voters) {
        let path = "node/\(node.name)"
        let existing = voters.peers
        let peers =
            voters.lists(node.peerURL) ? existing : existing + [EtcdPeer(name: node.name, peerURL: node.peerURL)]
        let plan = nodePlan(node, peers: peers, state: .existing)
        plans.append(plan)
        var needs = after + gate
        if !voters.lists(node.peerURL) {
            let others = voters.memberPlans(builder: self)
            let id: StepID = "etcd/add/\(node.name)"
            add(Step(id, .addMember(plan, existing: others), reason: reason, needs: unique(needs)))
            needs = [id]
            voters.add(EtcdPeer(name: node.name, peerURL: node.peerURL))
        }
        add(Step("\(path)/create", .createNode(plan), reason: reason, needs: unique(needs + groundwork)))
        voters.markHealthy(node.peerURL)
        settle(plan, reason: reason, needs: ["\(path)/create"], voters: voters)
    }

    /// Waits for etcd and for the node, and makes both the gate for what comes next.
    private mutating func settle(_ plan: NodePlan, reason: String, needs: [StepID], voters: Voters) {
        let healthy = voters.memberPlans(builder: self).filter { voters.healthy.contains($0.peerURL) }
        awaitEtcd(healthy, id: "etcd/healthy/\(plan.name)", reason: reason, needs: unique(needs + gate))
        awaitNode(plan, reason: reason, needs: needs)
    }

    private mutating func awaitEtcd(_ members: [NodePlan], id: StepID, reason: String, needs: [StepID]) {
        guard !members.isEmpty else { return }
        add(Step(id, .awaitEtcd(members: members), reason: reason, needs: needs))
        etcdGate = id
    }

    private mutating func removeVoter(
        _ name: String,
        peerURL: String,
        reason: String,
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        guard voters.keepsMajority(without: peerURL) else { throw DiagnosticsError([unsafe(name, voters)]) }
        voters.remove(peerURL)
        let id: StepID = "etcd/remove/\(name)"
        let remaining = voters.memberPlans(builder: self)
        let action = Action.removeMember(name: name, peerURL: peerURL, remaining: remaining)
        add(Step(id, action, reason: reason, needs: gate))
        etcdGate = id
    }

    private mutating func checkRestart(_ node: PlacedNode, voters: Voters) throws(DiagnosticsError) {
        if voters.healthyOthers(than: node.peerURL) >= voters.majority { return }
        guard voters.count <= 2 else { throw DiagnosticsError([unsafe(node.name, voters)]) }
        warnings.append(
            .warning("etcd is away while '\(node.name)' restarts: \(voters.count) member(s) tolerate no failure")
        )
    }

    private func unsafe(_ name: String, _ voters: Voters) -> Diagnostic {
        .error(
            "etcd would lose its majority without member '\(name)': \(voters.healthy.count) of \(voters.count) are healthy",
            notes: ["bring the other members back first: slipway status \(topology.name)"],
        )
    }
}
