import Diagnostics
import TopologyModel

/// A cluster without a majority: what can vote again is brought back, and nothing is destroyed. The rest of the file's
/// changes is planned once etcd answers.
extension PlanBuilder {
    mutating func planRecovery(_ changes: [String: NodeChange]) throws(DiagnosticsError) {
        isRecovering = true
        var returning: [NodePlan] = []
        var begun: [StepID] = []
        var able =
            observed.etcd?.voters.filter { voter in
                voter.healthy && !ownNodes.contains { voter.peerURLs.contains($0.peerURL ?? "") }
            }.count ?? 0
        for node in ownNodes where canVoteAgain(node) {
            // Whoever has it replaced says that its vote will not come back.
            guard !inputs.replaced.contains(node.name) else {
                postponed.append(node.name)
                continue
            }
            let wanted = wantedMembers.first { $0.name == node.name && $0.peerURL == node.peerURL }
            let plan =
                wanted.map { nodePlan($0, peers: wantedPeers, state: .existing) }
                ?? NodePlan(asItIs: node, network: topology.network.cidr)
            let change = changes[node.name] ?? .none
            guard let needed = recovery(of: node, plan, change: change, after: begun) else {
                warnUndefined(node)
                continue
            }
            able += 1
            needed.forEach { add($0) }
            begun += needed.map(\.id)
            if let plan {
                plans.append(plan)
                returning.append(plan)
            }
        }
        warnLeaving()
        try planNeverStarted(changes, able: &able, begun: &begun, returning: &returning)
        try checkAble(able)
        if !returning.isEmpty {
            let action = observed.etcd == nil ? Action.awaitQuorum(members: returning) : .awaitEtcd(members: returning)
            add(Step("etcd/quorum", action, reason: "no majority of the members answers", needs: begun))
            etcdGate = "etcd/quorum"
        }
        for plan in returning where wantedMembers.contains(where: { $0.name == plan.name }) {
            awaitNode(plan, reason: "it is a member", needs: [])
        }
        let here = Set(returning.map(\.name))
        // A member that is lost follows only where the file has it replaced.
        let left = topology.repair == .automatic ? [] : Set(lost.map(\.name))
        postponed += wantedMembers.map(\.name).filter { !here.contains($0) && !left.contains($0) }
    }

    /// Returns whether a member's data are there, and etcd, where it says anything, lists it as one that votes.
    private func canVoteAgain(_ node: ObservedNode) -> Bool {
        guard node.etcd == .member, node.hasStorage, node.phase != .leaving else { return false }
        if isLeftLost(node.name) { return false }
        guard let etcd = observed.etcd else { return true }
        guard let member = node.peerURL.flatMap(etcd.member) else { return false }
        return member.started && !member.learner
    }

    /// A member whose removal was cut short, as by a `down`: its data may be what etcd's majority lacks, and whether
    /// they are still wanted only a person knows.
    private mutating func warnLeaving() {
        for node in ownNodes
        where node.etcd == .member && node.phase == .leaving && node.hasStorage && node.power != .running {
            warnings.append(
                .warning(
                    "'\(node.name)' was being removed and is off; if etcd still counts on its vote, it finds no majority",
                    notes: [
                        "to keep the cluster: slipway start \(topology.name) \(node.name), then the same command again",
                        "to give it up: slipway down \(topology.name)",
                    ],
                )
            )
        }
    }

    /// A voter whose domain is gone can be made again from the file that describes it only.
    private mutating func warnUndefined(_ node: ObservedNode) {
        warnings.append(
            .warning(
                "etcd's data are on '\(node.name)'; its domain is gone, and the file does not ask for it",
                notes: ["if etcd finds no majority without it: slipway up with a file that asks for it"],
            )
        )
    }

    /// Returns the step that brings back a member with its data, or none where it runs; nil where that is not possible.
    private mutating func recovery(
        of node: ObservedNode,
        _ plan: NodePlan?,
        change: NodeChange,
        after begun: [StepID],
    ) -> [Step]? {
        let path = "node/\(node.name)"
        switch (change, plan) {
        case (.reconfigure(let reason), let plan?):
            // A member that has no majority to serve is no loss while it restarts; its data stay. One after the other,
            // lest a majority that only this host cannot reach is away at once.
            let needs = unique(groundwork + begun)
            return [Step("\(path)/restart", .reconfigureNode(plan), reason: reason, needs: needs, cost: .restarts)]
        case (.create(let reason), let plan?):
            return [Step("\(path)/create", .createNode(plan), reason: reason, needs: groundwork)]
        case _ where !node.hasDomain:
            return nil
        case (.start(let reason), _):
            return [Step("\(path)/start", .startNode(NodeReference(node)), reason: reason, needs: groundwork)]
        case _ where node.power != .running:
            postponed.append(node.name)
            let reason = "it is off, and its vote is missed"
            return [Step("\(path)/start", .startNode(NodeReference(node)), reason: reason, needs: groundwork)]
        case (.none, _), (.await, _):
            return []
        default:
            postponed.append(node.name)
            return []
        }
    }

    /// Voters that etcd lists and that never ran hold nothing: they are made as the file says, when they are missed.
    private mutating func planNeverStarted(
        _ changes: [String: NodeChange],
        able: inout Int,
        begun: inout [StepID],
        returning: inout [NodePlan],
    ) throws(DiagnosticsError) {
        guard let etcd = observed.etcd else { return }
        let voters = Voters(etcd, nodes: nodes, observed: ownNodes)
        for node in wantedMembers {
            guard let member = etcd.member(peerURL: node.peerURL), !member.started, !member.learner else { continue }
            let plan = nodePlan(node, peers: voters.peers, state: .existing)
            let path = "node/\(node.name)"
            var needs = groundwork
            switch changes[node.name] ?? .none {
            case .create(let reason):
                add(Step("\(path)/create", .createNode(plan), reason: reason, needs: needs))
                begun.append("\(path)/create")
            case .rebuild(let reason):
                if node.observed != nil { needs.append(removeNode(node.name, reason: reason, needs: [])) }
                add(Step("\(path)/create", .createNode(plan), reason: reason, needs: needs))
                begun.append("\(path)/create")
            case .reconfigure(let reason):
                let restart = Action.reconfigureNode(plan)
                add(Step("\(path)/restart", restart, reason: reason, needs: needs, cost: .restarts))
                begun.append("\(path)/restart")
            case .start(let reason):
                add(Step("\(path)/start", .startNode(NodeReference(plan)), reason: reason, needs: needs))
                begun.append("\(path)/start")
            case .none, .await, .lost:
                break
            }
            able += 1
            plans.append(plan)
            returning.append(plan)
        }
    }

    /// Refuses where what is left of the members cannot have a majority.
    private func checkAble(_ able: Int) throws(DiagnosticsError) {
        let needed = observed.etcd.map { $0.voters.count / 2 + 1 } ?? 1
        guard able < needed else { return }
        let listed = observed.etcd.map { "\($0.voters.count)" } ?? "its"
        throw DiagnosticsError([
            .error(
                "etcd has no majority and cannot get one: the data of \(able) of \(listed) members are there",
                notes: [
                    "see what there is: slipway status \(topology.name)",
                    "bring the nodes back that are missing; where they are lost, make etcd whole from what is left: "
                        + "slipway recover \(topology.name)",
                    "or give the cluster and its data up: slipway down \(topology.name)",
                ],
            )
        ])
    }
}
