import Etcd
import Planning
import TopologyModel

/// Looks at what is really there: libvirt and the disk, then etcd, then fleet.
package struct ClusterObserver: Sendable {
    private let provider: any NodeProvider
    private let images: any ImageSource
    private let clusters: @Sendable (_ nodes: [ObservedNode]) throws -> any ClusterClients

    /// - Parameter clusters: how to speak to a cluster of these nodes.
    package init(
        provider: any NodeProvider,
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
        observation.images = wanted.filter(images.isPresent)
        let members = seen.nodes(of: cluster).filter { $0.etcd == .member && $0.power == .running }
        let endpoints = members.compactMap(\.clientURL)
        guard !endpoints.isEmpty else { return observation }
        let clusters = try clusters(seen.nodes(of: cluster))
        observation.etcd = await Self.observeEtcd(clusters.etcd(endpoints))
        if observation.etcd?.hasQuorum == true {
            observation.fleet = try? await clusters.fleet(endpoints).observe()
        }
        return observation
    }

    /// Nil when no member answers: that is a fact about the cluster, not a failure to look.
    private static func observeEtcd(_ etcd: any EtcdCluster) async -> ObservedEtcd? {
        guard let members = try? await etcd.members() else { return nil }
        let judged = await withTaskGroup(of: ObservedEtcd.Member.self) { group in
            for member in members {
                group.addTask {
                    ObservedEtcd.Member(
                        id: "\(member.id)",
                        name: member.name,
                        peerURLs: member.peerURLs,
                        started: !member.clientURLs.isEmpty,
                        healthy: await isHealthy(member, etcd: etcd),
                    )
                }
            }
            var judged: [ObservedEtcd.Member] = []
            for await member in group { judged.append(member) }
            return judged
        }
        return ObservedEtcd(members: judged.sorted { ($0.peerURLs.first ?? "") < ($1.peerURLs.first ?? "") })
    }

    private static func isHealthy(_ member: Member, etcd: any EtcdCluster) async -> Bool {
        // A member advertises the address others reach it by; localhost in the list would be another machine's.
        guard let url = member.clientURLs.first(where: { !$0.contains("localhost") && !$0.contains("127.0.0.1") })
        else { return false }
        return (try? await etcd.health(of: url)) ?? false
    }
}
