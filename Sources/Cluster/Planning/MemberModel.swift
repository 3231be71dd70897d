import TopologyModel

/// etcd's members and their nodes, as far as the safety of a plan depends on them; it takes steps as etcd 3.4 would,
/// with its strict check of reconfigurations.
struct MemberModel: Sendable, Hashable {
    struct Member: Sendable, Hashable {
        enum Part: Sendable, Hashable { case learner, voter }

        var part: Part
        /// True when it ever ran under this membership, so that its node's storage is its identity.
        var isStarted: Bool
        var runs: Bool
    }

    struct Node: Sendable, Hashable {
        var peerURL: String?
        var isMember: Bool
        var isOn: Bool
        /// True when etcd's data may be on it, and be the only ones.
        var mayHoldEtcdData: Bool
        /// True when it was a member of a whole cluster.
        var hasJoined: Bool
        /// Those it was started together with, as a digest, where it was started to form a cluster.
        var formation: String?
    }

    /// Knowledge of etcd's state.
    enum Knowledge: Sendable, Hashable {
        /// It was never whole: its members are started together.
        case forming
        /// It was, and does not say who its members are.
        case silent
        /// It lists its members, and has no majority.
        case stuck
        case whole
    }

    private(set) var knowledge: Knowledge
    /// By peer URL.
    private var members: [String: Member] = [:]
    /// By name; those with storage.
    private var nodes: [String: Node] = [:]

    init(_ observed: Observation, cluster: String) {
        let own = observed.provider.nodes(of: cluster)
        for node in own where node.hasStorage {
            nodes[node.name] = Node(
                peerURL: node.peerURL,
                isMember: node.etcd == .member,
                isOn: node.power == .running && node.hasDomain,
                mayHoldEtcdData: node.mayHoldEtcdData,
                hasJoined: node.hasJoinedEtcd,
                formation: node.phase > .defined ? node.etcdHistory.formation : nil,
            )
        }
        for member in observed.etcd?.members ?? [] {
            guard let url = member.peerURLs.first else { continue }
            members[url] = Member(
                part: member.learner ? .learner : .voter,
                isStarted: member.started,
                runs: member.healthy,
            )
        }
        if let etcd = observed.etcd {
            knowledge = etcd.hasQuorum ? .whole : .stuck
        } else {
            knowledge = own.contains(where: \.mayHoldEtcdData) ? .silent : .forming
        }
    }

    private var voters: [String: Member] { members.filter { $0.value.part == .voter } }
    private var live: Set<String> { Set(voters.filter(\.value.runs).keys) }
    private var majority: Int { voters.count / 2 + 1 }
    private var hasMajority: Bool { live.count >= majority }

    // MARK: Steps that matter

    func isTouched(by action: Action) -> Bool {
        switch action {
        case .addMember, .promoteMember, .removeMember, .awaitEtcd, .awaitQuorum: true
        case .createNode(let node), .reconfigureNode(let node), .rebootNode(let node, _):
            node.etcd == .member || nodes[node.name]?.isMember == true
        case .upgradeNode(let upgrade): upgrade.node.etcd == .member || nodes[upgrade.node.name]?.isMember == true
        case .startNode(let node), .removeNode(let node): nodes[node.name]?.isMember == true
        case .buildImage, .fetchImage, .createNetwork, .setAutostart, .defineNode, .setMemory, .stageNode,
            .releaseReboot, .awaitNode, .drainMachines, .leaveFleet, .deployUnit, .destroyUnit, .awaitUnits, .restore,
            .snapshot, .removeNetwork, .removeRemains:
            false
        }
    }

    /// Returns the faults of a moment in which all of `steps`, which may begin, have begun and none is over.
    func faults(while steps: [Step]) -> [String] {
        guard knowledge == .whole else { return [] }
        guard hasMajority else { return ["\(live.count) of \(voters.count) voters live"] }
        let away = Set(steps.compactMap { restarted($0.action) }).intersection(live)
        // One or two members tolerate no failure: a restart costs the majority, for its time, and never data.
        guard voters.count > 2, live.count - away.count < majority else { return [] }
        let names = steps.filter { restarted($0.action) != nil }.map(\.id.description).joined(separator: ", ")
        return ["\(live.count - away.count) of \(voters.count) voters live while \(names)"]
    }

    private func restarted(_ action: Action) -> String? {
        switch action {
        case .reconfigureNode(let node), .rebootNode(let node, _): node.etcd == .member ? node.peerURL : nil
        case .upgradeNode(let upgrade): upgrade.node.etcd == .member ? upgrade.node.peerURL : nil
        default: nil
        }
    }

    // MARK: Taking a step

    /// Takes the step, and says what is wrong with it.
    mutating func apply(_ step: Step) -> [String] {
        let problem: String? =
            switch step.action {
            case .addMember(let node, let endpoints): add(node.peerURL, endpoints)
            case .promoteMember(let node, let endpoints): promote(node.peerURL, endpoints)
            case .removeMember(_, let url, let endpoints): remove(url, endpoints)
            case .awaitEtcd(let members), .awaitQuorum(let members): wait(for: members)
            case .createNode(let node), .reconfigureNode(let node): run(node)
            case .upgradeNode(let upgrade): run(upgrade.node)
            case .startNode(let node): start(node.name)
            case .removeNode(let node): destroy(node.name)
            default: nil
            }
        return problem.map { ["\(step.id): \($0)"] } ?? []
    }

    private func refusal(_ endpoints: [String]) -> String? {
        guard knowledge == .whole else { return "etcd is changed without a majority" }
        guard live.contains(where: { endpoints.contains(EtcdURL.client(ofPeer: $0)) }) else {
            return "no voter that lives is asked"
        }
        return nil
    }

    private mutating func add(_ url: String, _ endpoints: [String]) -> String? {
        if let refusal = refusal(endpoints) { return refusal }
        guard members[url] == nil else { return nil }
        guard live.count == voters.count else { return "etcd takes no member while one of its voters is away" }
        guard members.count == voters.count else { return "etcd takes one learner at a time" }
        members[url] = Member(part: .learner, isStarted: false, runs: false)
        return nil
    }

    private mutating func promote(_ url: String, _ endpoints: [String]) -> String? {
        if let refusal = refusal(endpoints) { return refusal }
        guard let member = members[url] else { return "etcd does not list it" }
        // Right after its start a learner does not say yet that it runs; etcd promotes it when it has caught up, and the
        // step waits for that.
        let isOn = nodes.values.contains { $0.peerURL == url && $0.isOn }
        guard member.runs || isOn else { return "it does not run, so it would cost a vote" }
        members[url] = Member(part: .voter, isStarted: true, runs: true)
        return nil
    }

    private mutating func remove(_ url: String, _ endpoints: [String]) -> String? {
        guard let member = members[url] else { return nil }
        members[url] = nil
        if let refusal = refusal(endpoints) { return refusal }
        guard member.part == .learner || hasMajority else { return "the voters left have no majority" }
        return nil
    }

    private mutating func wait(for waited: [NodePlan]) -> String? {
        if knowledge == .stuck {
            for node in nodes.values where node.isOn && node.isMember {
                if let url = node.peerURL { members[url]?.runs = true }
            }
        }
        for node in waited {
            guard nodes[node.name]?.isOn == true else { return "\(node.name) does not run and is waited for" }
            if knowledge == .forming { members[node.peerURL] = Member(part: .voter, isStarted: true, runs: true) }
            if members[node.peerURL] != nil {
                members[node.peerURL]?.runs = true
                members[node.peerURL]?.isStarted = true
            } else if knowledge != .silent {
                return "etcd does not list \(node.name), which is waited for"
            }
        }
        guard knowledge != .silent else { return nil }
        guard hasMajority else { return "a majority is waited for that cannot be" }
        knowledge = .whole
        return nil
    }

    private mutating func run(_ plan: NodePlan) -> String? {
        let present = nodes[plan.name]
        guard plan.etcd == .member else {
            guard present?.isMember != true else { return "a member gets another part and keeps its storage" }
            return nil
        }
        let second = secondCluster(plan, present)
        nodes[plan.name] = Node(
            peerURL: plan.peerURL,
            isMember: true,
            isOn: true,
            mayHoldEtcdData: present?.mayHoldEtcdData ?? false,
            hasJoined: present?.hasJoined ?? false,
            formation: plan.etcdHistory.formation,
        )
        guard knowledge == .stuck || knowledge == .whole else { return second }
        guard let member = members[plan.peerURL] else { return "it starts, and etcd does not list it" }
        if member.isStarted, present == nil { return "a member that etcd lists comes back without its data" }
        if !member.isStarted, present?.hasJoined == true { return "it starts on the data of an earlier membership" }
        if !member.isStarted, Set(plan.etcdPeers) != Set(members.keys) {
            return "its initial cluster has other members than etcd lists"
        }
        members[plan.peerURL]?.runs = true
        members[plan.peerURL]?.isStarted = true
        return nil
    }

    /// Returns the fault of a member that begins a second cluster beside an existing one. With data of an earlier
    /// start, etcd ignores the configured members.
    private func secondCluster(_ plan: NodePlan, _ present: Node?) -> String? {
        guard let formation = plan.etcdHistory.formation, present?.hasJoined != true else { return nil }
        guard knowledge == .forming else { return "a second etcd cluster is begun" }
        let other = nodes.first { name, node in
            name != plan.name && node.isMember && node.formation.map { $0 != formation } ?? node.isOn
        }
        return other.map { "a second etcd cluster is begun beside \($0.key)" }
    }

    private mutating func start(_ name: String) -> String? {
        nodes[name]?.isOn = true
        guard let url = nodes[name]?.peerURL, members[url] != nil else { return nil }
        members[url]?.runs = true
        return nil
    }

    private mutating func destroy(_ name: String) -> String? {
        guard let node = nodes.removeValue(forKey: name), node.isMember else { return nil }
        switch knowledge {
        case .forming: return nil
        case .silent: return node.mayHoldEtcdData ? "the data of a member are destroyed, and etcd does not answer" : nil
        case .stuck, .whole:
            guard let url = node.peerURL, members[url]?.isStarted == true else { return nil }
            return "a member's storage is destroyed while etcd lists it"
        }
    }
}
