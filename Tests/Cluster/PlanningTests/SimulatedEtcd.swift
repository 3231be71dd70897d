import Planning
import TopologyModel

/// etcd's members as etcd 3.4 keeps them, with its strict check of reconfigurations. A member lives when its node runs
/// with the data of that membership.
struct SimulatedEtcd {
    struct Member {
        var id: String
        /// Empty until it has started.
        var name = ""
        var peerURL: String
        var isLearner: Bool
        var isStarted = false
    }

    private(set) var members: [Member] = []
    /// For each node, the membership that its data are of.
    var data: [String: String] = [:]
    /// Whether it was lost already before the step at hand.
    var wasLost = false
    /// Names the cluster, by the members it was formed of.
    private(set) var clusterID = ""
    private(set) var everWhole = false
    private var count = 0

    // MARK: State

    private func lives(_ member: Member, _ nodes: [String: ObservedNode]) -> Bool {
        nodes.values.contains {
            data[$0.name] == member.id && $0.power == .running && $0.hasDomain && $0.peerURL == member.peerURL
        }
    }

    private var voters: [Member] { members.filter { !$0.isLearner } }
    private var majority: Int { voters.count / 2 + 1 }
    private func live(_ nodes: [String: ObservedNode]) -> [Member] { voters.filter { lives($0, nodes) } }

    func hasMajority(_ nodes: [String: ObservedNode]) -> Bool {
        !voters.isEmpty && live(nodes).count >= majority
    }

    /// Whether too few voters have their data for a majority ever to be again.
    func isLost(_ nodes: [String: ObservedNode]) -> Bool {
        guard everWhole else { return false }
        // One that never started can still be started.
        let able = voters.filter { member in
            !member.isStarted
                || nodes.values.contains { data[$0.name] == member.id && $0.hasStorage && $0.peerURL == member.peerURL }
        }
        return able.count < majority
    }

    func isHealthy(_ name: String, _ nodes: [String: ObservedNode]) -> Bool {
        guard let url = nodes[name]?.peerURL, let member = members.first(where: { $0.peerURL == url }) else {
            return false
        }
        return lives(member, nodes) && hasMajority(nodes)
    }

    /// - Parameter learnersAnswer: false while one that was just started has not said yet that it runs.
    func observed(
        _ nodes: [String: ObservedNode],
        answersWithoutMajority: Bool,
        learnersAnswer: Bool,
    ) -> ObservedEtcd? {
        guard everWhole, members.contains(where: { lives($0, nodes) }) else { return nil }
        guard hasMajority(nodes) || answersWithoutMajority else { return nil }
        let seen = members.map { member in
            let answers = learnersAnswer || !member.isLearner || !lives(member, nodes)
            return ObservedEtcd.Member(
                id: member.id,
                name: answers ? member.name : "",
                peerURLs: [member.peerURL],
                started: answers && member.isStarted,
                healthy: answers && lives(member, nodes) && hasMajority(nodes),
                learner: member.isLearner,
            )
        }
        return ObservedEtcd(members: seen.sorted { $0.peerURLs[0] < $1.peerURLs[0] }, clusterIDs: [clusterID])
    }

    // MARK: Changes; each returns what is wrong with it

    private func refusal(_ endpoints: [String], _ nodes: [String: ObservedNode]) -> String? {
        guard hasMajority(nodes) else { return "etcdserver: no leader" }
        let asked = live(nodes).contains { endpoints.contains($0.peerURL.replacing(":2380", with: ":2379")) }
        return asked ? nil : "none of \(endpoints) answers"
    }

    mutating func add(_ url: String, _ endpoints: [String], _ nodes: [String: ObservedNode]) -> String? {
        if let refusal = refusal(endpoints, nodes) { return refusal }
        guard !members.contains(where: { $0.peerURL == url }) else { return nil }
        guard live(nodes).count == voters.count else { return "etcdserver: unhealthy cluster" }
        guard members.allSatisfy({ !$0.isLearner }) else { return "etcdserver: too many learner members in cluster" }
        count += 1
        members.append(Member(id: "m\(count)", peerURL: url, isLearner: true))
        return nil
    }

    mutating func promote(_ url: String, _ endpoints: [String], _ nodes: [String: ObservedNode]) -> String? {
        if let refusal = refusal(endpoints, nodes) { return refusal }
        guard let index = members.firstIndex(where: { $0.peerURL == url }) else {
            return "etcdserver: member not found"
        }
        guard lives(members[index], nodes) else {
            return "can only promote a learner member which is in sync with leader"
        }
        members[index].isLearner = false
        return nil
    }

    mutating func remove(_ url: String, _ endpoints: [String], _ nodes: [String: ObservedNode]) -> String? {
        guard let index = members.firstIndex(where: { $0.peerURL == url }) else { return nil }
        if let refusal = refusal(endpoints, nodes) { return refusal }
        let member = members[index]
        if !member.isLearner {
            guard voters.count > 1 else {
                return "etcdserver: re-configuration failed due to not enough started members"
            }
            let left = live(nodes).count - 1
            if lives(member, nodes), left < 1 + (voters.count - 1) / 2 { return "etcdserver: unhealthy cluster" }
        }
        members.remove(at: index)
        return nil
    }

    /// A member's process starts.
    mutating func start(_ plan: NodePlan, _ nodes: [String: ObservedNode]) -> String? {
        if data[plan.name] != nil {
            // With data, what the cloud-config says of the first members is ignored.
            // One that was removed exits by itself, and does not live.
            return nil
        }
        if case .forming(let formation) = plan.etcdHistory { return form(plan, formation) }
        guard let index = members.firstIndex(where: { $0.peerURL == plan.peerURL }) else {
            return "it starts without being announced"
        }
        if members[index].isStarted { return "tocommit is out of range: its data are gone, and etcd lists it" }
        guard plan.etcdPeers == members.map(\.peerURL).sorted() else { return "member count is unequal" }
        join(plan, index)
        return nil
    }

    private mutating func form(_ plan: NodePlan, _ formation: String) -> String? {
        if members.isEmpty {
            clusterID = formation
            for url in plan.etcdPeers {
                count += 1
                members.append(Member(id: "m\(count)", peerURL: url, isLearner: false))
            }
        }
        guard clusterID == formation, let index = members.firstIndex(where: { $0.peerURL == plan.peerURL }) else {
            return "a second etcd cluster comes up"
        }
        // One that has been bootstrapped before, and has lost its data, exits by itself.
        if !members[index].isStarted { join(plan, index) }
        return nil
    }

    private mutating func join(_ plan: NodePlan, _ index: Int) {
        members[index].isStarted = true
        members[index].name = plan.name
        data[plan.name] = members[index].id
    }

    /// A node goes with all that is stored on it.
    mutating func destroy(_ name: String) -> String? {
        let isListed = data[name].map { id in members.contains { $0.id == id } } ?? false
        lose(name)
        return everWhole && isListed ? "a member is destroyed before it left etcd" : nil
    }

    /// Whether no other node has data.
    func isOnlyData(of name: String) -> Bool { data.keys.allSatisfy { $0 == name } }

    /// The cluster is gone with its last data, and another may begin.
    mutating func giveUp(_ name: String) {
        everWhole = false
        lose(name)
    }

    /// A node's data are gone.
    mutating func lose(_ name: String) {
        let id = data.removeValue(forKey: name)
        guard !everWhole else { return }
        // A cluster that never was whole is begun anew.
        for index in members.indices where members[index].id == id { members[index].isStarted = false }
        if data.isEmpty { (members, clusterID) = ([], "") }
    }

    /// Remembers that there was a majority once.
    mutating func note(_ nodes: [String: ObservedNode]) {
        if hasMajority(nodes) { everWhole = true }
    }
}
