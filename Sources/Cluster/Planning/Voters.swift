import TopologyModel

/// etcd's members as they will be after the steps planned so far.
struct Voters {
    /// A member that etcd lists.
    struct Entry: Sendable, Hashable {
        var name: String
        var peerURL: String
        /// etcd's own number for it, in hexadecimal; empty for one that is announced by the plan.
        var id: String
        var isLearner: Bool
        /// True when it ever ran; one that did not has no data.
        var isStarted: Bool
        var isHealthy: Bool
    }

    private(set) var entries: [Entry]

    init(_ etcd: ObservedEtcd, nodes: [PlacedNode], observed: [ObservedNode]) {
        entries = etcd.members.map { member in
            let url = member.peerURLs.first ?? ""
            let name = observed.first { $0.peerURL == url }?.name ?? nodes.first { $0.peerURL == url }?.name
            return Entry(
                name: name ?? (member.name.isEmpty ? EtcdURL.host(of: url) : member.name),
                peerURL: url,
                id: member.id,
                isLearner: member.learner,
                isStarted: member.started,
                isHealthy: member.healthy,
            )
        }
    }

    var voters: [Entry] { entries.filter { !$0.isLearner } }
    var healthy: [Entry] { voters.filter(\.isHealthy) }
    var majority: Int { voters.count / 2 + 1 }
    /// All members, in the form that a joining one is given.
    var peers: [EtcdPeer] { entries.map { EtcdPeer(name: $0.name, peerURL: $0.peerURL) } }
    /// Client URLs of the members that can be asked for a change.
    var endpoints: [String] { healthy.map { EtcdURL.client(ofPeer: $0.peerURL) } }

    func entry(_ peerURL: String) -> Entry? { entries.first { $0.peerURL == peerURL } }
    func lists(_ peerURL: String) -> Bool { entry(peerURL) != nil }
    func isHealthyVoter(_ peerURL: String) -> Bool { healthy.contains { $0.peerURL == peerURL } }
    func healthyOthers(than peerURL: String) -> Int { healthy.filter { $0.peerURL != peerURL }.count }

    /// Returns whether the voters left would have a majority among themselves.
    func keepsMajority(without peerURL: String) -> Bool {
        let left = voters.filter { $0.peerURL != peerURL }
        guard !left.isEmpty else { return false }
        return healthyOthers(than: peerURL) >= left.count / 2 + 1
    }

    /// A voter that is not healthy, which keeps etcd from taking a new member.
    var sick: Entry? { voters.first { !$0.isHealthy } }

    mutating func addLearner(_ peer: EtcdPeer) {
        entries.append(
            Entry(
                name: peer.name,
                peerURL: peer.peerURL,
                id: "",
                isLearner: true,
                isStarted: false,
                isHealthy: false,
            )
        )
    }

    /// The member runs, and votes where it did not yet.
    mutating func markHealthyVoter(_ peerURL: String) {
        for index in entries.indices where entries[index].peerURL == peerURL {
            entries[index].isLearner = false
            entries[index].isStarted = true
            entries[index].isHealthy = true
        }
    }

    mutating func remove(_ peerURL: String) { entries.removeAll { $0.peerURL == peerURL } }
}
