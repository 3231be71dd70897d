import Basics
import Diagnostics
import TopologyModel

/// Changes to the members of an etcd that has its majority, one at a time: members come back, then those that are lost
/// go, then others join, then members are made anew or restarted, and last those leave that the file does not ask for.
/// At each moment the healthy voters are a majority, and no step relies on one that is not.
extension PlanBuilder {
    mutating func planMembers(_ changes: [String: NodeChange]) throws(DiagnosticsError) {
        if isBootstrapping {
            try planBootstrap(changes)
        } else if let etcd = observed.etcd, etcd.hasQuorum {
            try planMemberChanges(changes, etcd: etcd)
        } else {
            try planRecovery(changes)
        }
    }

    private mutating func planMemberChanges(
        _ changes: [String: NodeChange],
        etcd: ObservedEtcd,
    ) throws(DiagnosticsError) {
        var voters = Voters(etcd, nodes: nodes, observed: ownNodes)
        planReturns(changes, voters: &voters)
        planUnfinished(changes, voters: &voters)
        planLosses(changes, voters: &voters)
        try planJoins(changes, voters: &voters)
        try planRebuilds(changes, voters: &voters)
        try planRestarts(changes, voters: &voters)
        try planDepartures(voters: &voters)
    }

    // MARK: What an earlier run or an accident left

    /// Voters that only have to be switched on, restarted or seen ready: the sooner they vote, the more can be changed.
    private mutating func planReturns(_ changes: [String: NodeChange], voters: inout Voters) {
        for node in wantedMembers {
            guard let entry = voters.entry(node.peerURL), entry.isStarted, !entry.isLearner else { continue }
            let change = changes[node.name] ?? .none
            switch change {
            case .rebuild, .lost: continue
            case .reconfigure where entry.isHealthy: continue
            case .none:
                plans.append(nodePlan(node, peers: wantedPeers, state: .existing))
            case .create, .start, .await, .reconfigure:
                let plan = nodePlan(node, peers: wantedPeers, state: .existing)
                plans.append(plan)
                let needs = bringUp(plan, change: change, needs: groundwork)
                voters.markHealthyVoter(node.peerURL)
                settle(plan, reason: change.reason, needs: needs, voters: voters)
            }
        }
    }

    /// Members that were announced and never voted: they finish joining, or are taken back.
    private mutating func planUnfinished(_ changes: [String: NodeChange], voters: inout Voters) {
        for entry in voters.entries where entry.isLearner || !entry.isStarted {
            guard let node = wantedMembers.first(where: { $0.peerURL == entry.peerURL }) else {
                guard isOurs(entry) else { continue }
                removeVoter(entry, reason: "the topology does not ask for it", voters: &voters)
                continue
            }
            let change = changes[node.name] ?? .none
            if case .rebuild(let reason) = change {
                removeVoter(entry, reason: reason, voters: &voters)
                continue
            }
            let plan = nodePlan(node, peers: voters.peers, state: .existing)
            plans.append(plan)
            let begun = bringUp(plan, change: change, needs: unique(gate + groundwork))
            let reason = change == .none ? "it does not vote yet" : change.reason
            promote(plan, reason: reason, needs: begun, isLearner: entry.isLearner, voters: &voters)
        }
    }

    /// Voters that do not answer and will not come back as they are. They cost votes for nothing, and etcd takes no new
    /// member while one is away.
    private mutating func planLosses(_ changes: [String: NodeChange], voters: inout Voters) {
        for entry in voters.voters where !entry.isHealthy {
            if let node = wantedMembers.first(where: { $0.peerURL == entry.peerURL }) {
                switch changes[node.name] ?? .none {
                case .rebuild(let reason): removeVoter(entry, reason: reason, voters: &voters)
                // Its place is made anew by a later plan; until then it would keep etcd from taking any member.
                case .lost(let loss) where topology.repair == .automatic:
                    removeVoter(entry, reason: loss.reason, voters: &voters)
                default: continue
                }
            } else if isOurs(entry) {
                let isHere = ownNodes.contains { $0.peerURL == entry.peerURL }
                let reason = isHere ? "the topology does not ask for it" : "its node is gone"
                removeVoter(entry, reason: reason, voters: &voters)
            }
        }
    }

    /// Returns whether a member is one of this cluster's nodes, be the node gone: nobody else has addresses in its
    /// network.
    private func isOurs(_ entry: Voters.Entry) -> Bool {
        if ownNodes.contains(where: { $0.peerURL == entry.peerURL }) { return true }
        return IPv4Address(EtcdURL.host(of: entry.peerURL)).map(topology.network.cidr.contains) ?? false
    }

    // MARK: What the file asks for

    private mutating func planJoins(
        _ changes: [String: NodeChange],
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        for node in wantedMembers where !voters.lists(node.peerURL) {
            switch changes[node.name] ?? .none {
            case .create(let reason):
                try join(node, reason: reason, after: [], voters: &voters)
            case .rebuild(let reason):
                let removed = node.observed.map { _ in removeNode(node.name, reason: reason, needs: gate) }
                try join(node, reason: reason, after: removed.map { [$0] } ?? [], voters: &voters)
            case .none, .start, .await, .reconfigure, .lost:
                continue
            }
        }
    }

    /// Healthy members that must be made anew: out, gone, in again.
    private mutating func planRebuilds(
        _ changes: [String: NodeChange],
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        for node in wantedMembers where !plans.contains(where: { $0.name == node.name }) {
            guard case .rebuild(let reason) = changes[node.name], let entry = voters.entry(node.peerURL) else {
                continue
            }
            try check(voters.keepsMajority(without: node.peerURL), node.name, reason, voters)
            removeVoter(entry, reason: reason, voters: &voters)
            let removed = removeNode(node.name, reason: reason, needs: gate)
            try join(node, reason: reason, after: [removed], voters: &voters)
        }
    }

    /// Healthy members that get something new by a restart.
    private mutating func planRestarts(
        _ changes: [String: NodeChange],
        voters: inout Voters,
    ) throws(DiagnosticsError) {
        for node in wantedMembers where voters.isHealthyVoter(node.peerURL) {
            guard case .reconfigure(let reason) = changes[node.name],
                !plans.contains(where: { $0.name == node.name })
            else { continue }
            let plan = nodePlan(node, peers: wantedPeers, state: .existing)
            plans.append(plan)
            if voters.healthyOthers(than: node.peerURL) < voters.majority {
                try check(voters.voters.count <= 2, node.name, reason, voters)
                let count = voters.voters.count
                let text = "etcd is away while '\(node.name)' restarts: \(count) member(s) tolerate no failure"
                warnings.append(.warning(text))
            }
            let needs = unique(groundwork + gate + (rollGate.map { [$0] } ?? []))
            let id: StepID = "node/\(node.name)/restart"
            add(Step(id, restart(plan), reason: reason, needs: needs, cost: .restarts))
            settle(plan, reason: reason, needs: [id], voters: voters)
            rollGate = "node/\(node.name)/ready"
        }
    }

    /// Healthy voters that the file does not ask for. Their nodes go, or get their new part, after that; and while a
    /// member is lost that the file asks for, so that none has taken their place, they stay.
    private mutating func planDepartures(voters: inout Voters) throws(DiagnosticsError) {
        let wanted = Set(wantedMembers.map(\.peerURL))
        let missing = wantedMembers.map(\.name).filter(isLeftLost)
        for entry in voters.entries where !wanted.contains(entry.peerURL) {
            guard let node = ownNodes.first(where: { $0.peerURL == entry.peerURL }) else {
                let what = "etcd lists member '\(entry.name)' at \(entry.peerURL), which is no node of this cluster"
                warnings.append(.warning(what, notes: [Self.removal(of: entry)]))
                continue
            }
            guard missing.isEmpty else {
                staying.append(node.name)
                continue
            }
            let reason = "the topology does not ask for it"
            try check(voters.keepsMajority(without: entry.peerURL), entry.name, reason, voters)
            removeVoter(entry, reason: reason, voters: &voters)
        }
        guard !staying.isEmpty else { return }
        let (names, lost) = (staying.naturallySorted().joined(separator: ", "), missing.joined(separator: ", "))
        let verb = missing.count == 1 ? "is" : "are"
        warnings.append(.warning("etcd keeps \(names), which the file does not ask for, while \(lost) \(verb) lost"))
    }

    static func removal(of entry: Voters.Entry) -> String {
        "to remove it, on a member: etcdctl member remove \(entry.id)"
    }
}
