import Diagnostics
import TopologyModel

/// The steps that change one member of etcd.
extension PlanBuilder {
    /// The step after which etcd is whole again, for the next change.
    var gate: [StepID] { etcdGate.map { [$0] } ?? [] }

    /// Has a node run as planned, whatever is missing of it.
    ///
    /// - Returns: what must be over for it to run: the step, or `needs` where nothing has to be done.
    mutating func bringUp(_ plan: NodePlan, change: NodeChange, needs: [StepID]) -> [StepID] {
        let path = "node/\(plan.name)"
        switch change {
        case .create(let reason), .rebuild(let reason):
            add(Step("\(path)/create", .createNode(plan), reason: reason, needs: needs))
            return ["\(path)/create"]
        case .start(let reason):
            add(Step("\(path)/start", .startNode(NodeReference(plan)), reason: reason, needs: needs))
            return ["\(path)/start"]
        case .reconfigure(let reason):
            add(Step("\(path)/restart", restart(plan), reason: reason, needs: needs, cost: .restarts))
            return ["\(path)/restart"]
        case .none, .await, .lost:
            return []
        }
    }

    /// The restart that gives a node what it is to have, with a way back where that is another root.
    func restart(_ plan: NodePlan) -> Action {
        guard let observed = ownNodes.first(where: { $0.name == plan.name }), observed.power == .running,
            let root = observed.image?.root, root != plan.image.root
        else { return .reconfigureNode(plan) }
        var fallback = plan
        fallback.image.root = root
        fallback.originalRoot = observed.originalRoot
        fallback.previousRoot = observed.previousRoot
        return .upgradeNode(NodeUpgrade(plan, fallback: fallback))
    }

    /// Makes a node a member: it joins without a vote, and gets one when it has etcd's data.
    mutating func join(
        _ node: PlacedNode,
        reason: String,
        after: [StepID],
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        if let sick = voters.sick {
            if let lost = lost.first(where: { $0.name == sick.name }) {
                throw DiagnosticsError([
                    .error(
                        "etcd takes no new member while it lists '\(sick.name)', which is lost for good: \(lost.loss.reason)",
                        notes: ["make it anew first, or together with the others: \(lost.command)"],
                    )
                ])
            }
            throw DiagnosticsError([
                .error(
                    "etcd takes no new member while '\(sick.name)' at \(sick.peerURL) does not answer, "
                        + "and that is no node of this cluster",
                    notes: ["start it again", Self.removal(of: sick)],
                )
            ])
        }
        let peer = EtcdPeer(name: node.name, peerURL: node.peerURL)
        let plan = nodePlan(node, peers: voters.peers + [peer], state: .existing)
        plans.append(plan)
        let announced: StepID = "etcd/add/\(node.name)"
        let action = Action.addMember(plan, endpoints: voters.endpoints)
        add(Step(announced, action, reason: reason, needs: unique(after + gate)))
        voters.addLearner(peer)
        let made: StepID = "node/\(node.name)/create"
        add(Step(made, .createNode(plan), reason: reason, needs: unique([announced] + groundwork)))
        promote(plan, reason: reason, needs: [made], isLearner: true, voters: &voters)
    }

    /// Gives a member that runs its vote, and waits for it.
    mutating func promote(
        _ plan: NodePlan,
        reason: String,
        needs: [StepID],
        isLearner: Bool,
        voters: inout Voters,
    ) {
        var needs = needs
        if isLearner {
            let id: StepID = "etcd/promote/\(plan.name)"
            let action = Action.promoteMember(plan, endpoints: voters.endpoints)
            add(Step(id, action, reason: "it has etcd's data by then", needs: unique(needs + gate)))
            needs = [id]
        }
        voters.markHealthyVoter(plan.peerURL)
        settle(plan, reason: reason, needs: needs, voters: voters)
    }

    /// Waits for etcd and for the node, and makes etcd's health the gate for what comes next.
    mutating func settle(_ plan: NodePlan, reason: String, needs: [StepID], voters: Voters) {
        let healthy = wantedMembers.filter { voters.isHealthyVoter($0.peerURL) }.map {
            nodePlan($0, peers: wantedPeers, state: .new)
        }
        awaitEtcd(healthy, id: "etcd/healthy/\(plan.name)", reason: reason, needs: unique(needs + gate))
        awaitNode(plan, reason: reason, needs: needs)
    }

    mutating func awaitEtcd(_ members: [NodePlan], id: StepID, reason: String, needs: [StepID]) {
        guard !members.isEmpty else { return }
        add(Step(id, .awaitEtcd(members: members), reason: reason, needs: needs))
        etcdGate = id
    }

    /// Takes a member out of etcd; its node may be removed after that, and not before.
    mutating func removeVoter(_ entry: Voters.Entry, reason: String, voters: inout Voters) {
        voters.remove(entry.peerURL)
        // A node that was made anew elsewhere has its name twice.
        let isTaken = steps.contains { $0.id == "etcd/remove/\(entry.name)" }
        let id: StepID = "etcd/remove/\(isTaken ? EtcdURL.host(of: entry.peerURL) : entry.name)"
        let endpoints = voters.endpoints
        let action = Action.removeMember(name: entry.name, peerURL: entry.peerURL, endpoints: endpoints)
        add(Step(id, action, reason: reason, needs: gate))
        etcdGate = id
        departures[entry.name] = id
    }

    /// Refuses a change that would cost etcd its majority, before anything is done.
    func check(_ isSafe: Bool, _ name: String, _ reason: String, _ voters: Voters) throws(DiagnosticsError) {
        guard !isSafe else { return }
        let (healthy, count) = (voters.healthy.count, voters.voters.count)
        guard count > 1 else {
            throw DiagnosticsError([
                .error(
                    "'\(name)' is etcd's only member, so etcd's data would go with it (\(reason))",
                    notes: [
                        "have others first: raise the role's `count` and run slipway up, in which it is then made anew",
                        "or give the cluster and its data up: slipway down \(topology.name)",
                    ],
                )
            ])
        }
        let missing = lost.filter { node in voters.voters.contains { $0.name == node.name && !$0.isHealthy } }
        let names = missing.map(\.name).joined(separator: ", ")
        throw DiagnosticsError([
            .error(
                "etcd would lose its majority without member '\(name)': \(healthy) of \(count) are healthy (\(reason))",
                notes: missing.isEmpty
                    ? ["bring the other members back first: slipway status \(topology.name)"]
                    : ["lost for good, and to be made anew first: \(names)"] + missing.map(\.command),
            )
        ])
    }
}
