import TopologyModel

/// etcd's members as they will be after the steps planned so far.
struct Voters {
    private(set) var peers: [EtcdPeer]
    private(set) var healthy: Set<String>

    init(_ etcd: ObservedEtcd, nodes: [PlacedNode]) {
        peers = etcd.members.map { member in
            let url = member.peerURLs.first ?? ""
            let name = nodes.first { $0.peerURL == url }?.name ?? member.name
            return EtcdPeer(name: name, peerURL: url)
        }
        healthy = Set(etcd.members.filter(\.healthy).compactMap(\.peerURLs.first))
    }

    var count: Int { peers.count }
    var majority: Int { peers.count / 2 + 1 }

    func lists(_ peerURL: String) -> Bool { peers.contains { $0.peerURL == peerURL } }
    func healthyOthers(than peerURL: String) -> Int { healthy.subtracting([peerURL]).count }

    /// Whether the members left would have a majority among themselves.
    func keepsMajority(without peerURL: String) -> Bool {
        let left = peers.filter { $0.peerURL != peerURL }
        guard !left.isEmpty else { return false }
        return healthyOthers(than: peerURL) >= left.count / 2 + 1
    }

    mutating func add(_ peer: EtcdPeer) { peers.append(peer) }
    mutating func markHealthy(_ peerURL: String) { healthy.insert(peerURL) }

    mutating func remove(_ peerURL: String) {
        peers.removeAll { $0.peerURL == peerURL }
        healthy.remove(peerURL)
    }

    /// The plans of the members there are by now, for the executor to ask.
    func memberPlans(builder: PlanBuilder) -> [NodePlan] {
        builder.wantedMembers.filter { lists($0.peerURL) }.map {
            builder.nodePlan($0, peers: builder.wantedPeers, state: .existing)
        }
    }
}
