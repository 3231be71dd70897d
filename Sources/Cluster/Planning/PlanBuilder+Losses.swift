import CloudConfig
import Diagnostics
import TopologyModel

/// Nodes that are lost for good: which of them is made anew by this plan, and what is said of the others.
extension PlanBuilder {
    /// For each node that is lost, and that nobody asked to have replaced, what is done about it.
    func changesOfLost() -> [String: NodeChange] {
        let chosen = repaired
        return Dictionary(
            losses.map { node, loss in
                (node.name, node.name == chosen || isJoining(node) ? .rebuild(loss.reason) : .lost(loss))
            },
            uniquingKeysWith: { first, _ in first },
        )
    }

    /// Nodes that are lost, and that nobody asked to have replaced.
    private var losses: [(node: PlacedNode, loss: NodeLoss)] {
        // A cluster that never was whole has nothing to lose.
        guard !isBootstrapping else { return [] }
        return nodes.compactMap { node in
            guard !inputs.replaced.contains(node.name), let loss = loss(of: node) else { return nil }
            return (node, loss)
        }
    }

    /// True for a member that has no vote yet, so that the others lack nothing without it: what an earlier run began is
    /// begun anew, which is no repair.
    private func isJoining(_ node: PlacedNode) -> Bool {
        // Without a majority what one member has of the list may be old.
        guard node.isMember, let etcd = observed.etcd, etcd.hasQuorum, let member = etcd.member(peerURL: node.peerURL)
        else { return false }
        return member.learner || !member.started
    }

    private func loss(of node: PlacedNode) -> NodeLoss? {
        let configs = [topology.cloudConfig, node.role.cloudConfig]
        return NodeLoss(
            node.observed,
            member: observed.etcd?.member(peerURL: node.peerURL),
            keepsDataElsewhere: configs.contains { config in
                config.coreos.etcd2[.dataDir] != nil || config.coreos.etcd2[.walDir] != nil
            },
        )
    }

    /// Name of the one node that the plan replaces by itself: a member first, for etcd tolerates one failure fewer
    /// without it, and a member only where the others have a healthy majority among themselves. Nil for none.
    private var repaired: String? {
        // Whoever has nodes replaced by name has chosen which ones go first.
        guard topology.repair == .automatic, inputs.replaced.isEmpty else { return nil }
        let able = losses.map(\.node).filter { node in
            guard !isJoining(node) else { return false }
            let isVoter = node.isMember || node.observed?.etcd == .member
            return !isVoter || canDoWithout(node)
        }
        return (able.first(where: \.isMember) ?? able.first)?.name
    }

    private func canDoWithout(_ node: PlacedNode) -> Bool {
        guard let etcd = observed.etcd, etcd.hasQuorum else { return false }
        let voters = Voters(etcd, nodes: nodes, observed: ownNodes)
        return !voters.lists(node.peerURL) || voters.keepsMajority(without: node.peerURL)
    }

    /// Name of the node that is replaced though nobody named it, and on which nothing is left to destroy.
    var emptyRepair: String? {
        let chosen = repaired
        let lost = losses.first { $0.node.name == chosen && $0.loss == .storage }?.node
        guard let lost, lost.observed?.power == .off, lost.observed?.hasRemains != true else { return nil }
        return lost.name
    }

    /// The lost nodes that the plan leaves as they are.
    func lostNodes(_ changes: [String: NodeChange]) -> [LostNode] {
        nodes.compactMap { node in
            guard case .lost(let loss)? = changes[node.name] else { return nil }
            let needsRecovery = node.isMember && observed.etcd?.hasQuorum != true
            let command =
                needsRecovery ? "slipway recover \(topology.name)" : "slipway replace \(topology.name) \(node.name)"
            return LostNode(name: node.name, loss: loss, command: command)
        }
    }

    /// What is said of them.
    func lossFindings(_ lost: [LostNode]) -> [Diagnostic] {
        lost.map { node in
            let isRecovery = node.command.contains(" recover ")
            var notes: [String] = []
            if topology.repair == .automatic, !isRecovery {
                let isVoter = nodes.contains { $0.name == node.name && $0.isMember && !canDoWithout($0) }
                notes.append(
                    isVoter
                        ? "it is not replaced by itself: without it etcd would have no majority"
                        : "one node is replaced at a time; the next slipway up goes on with it"
                )
            }
            notes.append(
                isRecovery
                    ? "if etcd finds no majority without it: \(node.command)"
                    : "to make it anew, without what was stored on it: \(node.command)"
            )
            if topology.repair == .propose, !isRecovery {
                notes.append("to have slipway up do that by itself: `repair: automatic` in the file")
            }
            return .warning("'\(node.name)' is lost for good: \(node.loss.reason)", notes: notes)
        }
    }

    /// True for a node on which nothing runs, and nothing will by this plan.
    func isLeftLost(_ name: String) -> Bool { lost.contains { $0.name == name } }
}
