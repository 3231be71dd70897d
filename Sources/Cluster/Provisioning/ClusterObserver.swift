import Etcd
import Planning
import TopologyModel

/// Observes what really exists: libvirt and the disk, then etcd, then fleet.
package struct ClusterObserver: Sendable {
    /// Time for which fleet's state is asked for while etcd has a majority and does not answer the query.
    private static let fleetLimit = Duration.seconds(5)

    private let provider: any Inventory
    private let images: any ImageSource
    private let clusters: @Sendable (_ nodes: [ObservedNode]) throws -> any ClusterClients

    /// - Parameter clusters: how to speak to a cluster of these nodes.
    package init(
        provider: any Inventory,
        images: any ImageSource,
        clusters: @escaping @Sendable (_ nodes: [ObservedNode]) throws -> any ClusterClients,
    ) {
        self.provider = provider
        self.images = images
        self.clusters = clusters
    }

    /// - Parameters:
    ///   - wanted: the images the caller is about to plan with.
    ///   - machines: whether the host of virtual machines is looked at as well.
    /// - Throws: where libvirt does not answer. An etcd or a fleet that does not answer is part of the observation.
    package func observe(_ cluster: String, wanted: Set<ImageDigests> = [], machines: Bool = false) async throws
        -> Observation
    {
        var seen = try await provider.observe()
        if machines { seen.machineHost = try await provider.machineHost() }
        var observation = Observation(provider: seen)
        // A node keeps its root when it is given new node programs.
        let own = seen.nodes(of: cluster).compactMap(\.image)
        let kept = own.flatMap { image in wanted.map { ImageDigests(root: image.root, layer: $0.layer) } }
        observation.images = wanted.union(kept).filter(images.isPresent)
        observation.foreignRoots = Set(own.filter(images.isForeign).map(\.root))
        let members = seen.nodes(of: cluster).filter { $0.etcd == .member && $0.power == .running }
        let endpoints = members.compactMap(\.clientURL)
        guard !endpoints.isEmpty else { return observation }
        let clusters = try clusters(seen.nodes(of: cluster))
        observation.etcd = await Self.observeEtcd(clusters.etcd(endpoints), endpoints: endpoints)
        if observation.etcd?.hasQuorum == true {
            observation.fleet = await Self.observeFleet(clusters.fleet(endpoints))
        }
        return observation
    }

    /// Nil when etcd does not say what fleet's state is for longer than it takes to find a new leader.
    private static func observeFleet(_ fleet: any FleetAccess) async -> ObservedFleet? {
        try? await Waiting.until(fleetLimit, pause: .milliseconds(100)) { () -> ObservedFleet? in
            do {
                return try await fleet.observe()
            } catch let error where Executor.isTransient(error) {
                return nil
            }
        }
    }

    /// Nil when no member answers: that is a fact about the cluster, not a failed observation.
    ///
    /// A member of another cluster is not among those that etcd lists, so every endpoint is asked for its cluster.
    private static func observeEtcd(_ etcd: any EtcdCluster, endpoints: [String]) async -> ObservedEtcd? {
        guard let members = try? await etcd.members() else { return nil }
        let judged = await withTaskGroup(of: Judged.self) { group in
            for member in members { group.addTask { await judge(member, etcd: etcd, running: endpoints) } }
            return await group.reduce(into: [Judged]()) { $0.append($1) }
        }
        let unlisted = Set(endpoints).subtracting(members.flatMap(\.clientURLs))
        let others = await withTaskGroup(of: String?.self) { group in
            for url in unlisted { group.addTask { (try? await etcd.status(of: url))?.cluster } }
            return await group.reduce(into: [String]()) { if let id = $1 { $0.append(id) } }
        }
        var seen = ObservedEtcd(
            members: judged.map(\.member).sorted { ($0.peerURLs.first ?? "") < ($1.peerURLs.first ?? "") },
            clusterIDs: Set(judged.compactMap(\.clusterID) + others),
        )
        // Without a majority etcd does not say.
        let alarms = seen.hasQuorum ? await alarms(etcd, members) : []
        if !alarms.isEmpty { seen.alarms = alarms }
        return seen
    }

    /// None where etcd does not answer, which its members' health tells.
    private static func alarms(_ etcd: any EtcdCluster, _ members: [Member]) async -> [ObservedEtcd.Alarm] {
        let alarms = (try? await etcd.alarms()) ?? []
        return alarms.map { alarm in
            let name = members.first { $0.id == alarm.member }?.name ?? "\(alarm.member)"
            return ObservedEtcd.Alarm(member: name, kind: "\(alarm.kind)")
        }.sorted { ($0.member, $0.kind) < ($1.member, $1.kind) }
    }

    private struct Judged: Sendable {
        var member: ObservedEtcd.Member
        /// Nil when it does not say.
        var clusterID: String?
    }

    /// Asks one that is on twice: a disk that is slow for a moment, or an election, is over a little later, and steps would
    /// be planned to mend it. No answer is a fact about the member, not a failure to look.
    private static func isHealthy(_ url: String, _ etcd: any EtcdCluster, isOn: Bool) async -> Bool {
        do {
            if try await etcd.health(of: url) { return true }
        } catch {
            // Nothing listens there.
            if error.code == .unavailable { return false }
        }
        guard isOn else { return false }
        do {
            try await Task.sleep(for: .milliseconds(500))
            return try await etcd.health(of: url)
        } catch {
            return false
        }
    }

    /// - Parameter running: client URLs of members whose nodes are on.
    private static func judge(_ member: Member, etcd: any EtcdCluster, running: [String]) async -> Judged {
        var judged = Judged(
            member: ObservedEtcd.Member(
                id: "\(member.id)",
                name: member.name,
                peerURLs: member.peerURLs,
                started: !member.clientURLs.isEmpty,
                healthy: false,
                learner: member.isLearner,
            )
        )
        guard let url = member.outerURL else { return judged }
        judged.member.healthy = await isHealthy(url, etcd, isOn: running.contains(url))
        if judged.member.healthy { judged.clusterID = (try? await etcd.status(of: url)).map { "\($0.cluster)" } }
        return judged
    }
}
