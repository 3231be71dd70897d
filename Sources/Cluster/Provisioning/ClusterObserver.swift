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
        let own = seen.nodes(of: cluster).flatMap(\.images)
        let kept = own.flatMap { image in wanted.map { ImageDigests(root: image.root, layer: $0.layer) } }
        observation.images = wanted.union(kept).union(own).filter(images.isPresent)
        observation.foreignRoots = Set(own.filter(images.isForeign).map(\.root))
        let members = seen.nodes(of: cluster).filter { $0.etcd == .member && $0.power == .running }
        let endpoints = members.compactMap(\.clientURL)
        guard !endpoints.isEmpty else { return observation }
        let clusters = try clusters(seen.nodes(of: cluster))
        let silent = EtcdObserver.silentURLs(of: seen.nodes(of: cluster))
        let etcd = EtcdObserver(clusters.etcd(endpoints), running: endpoints, silent: silent)
        observation.etcd = await etcd.observe()?.etcd
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
}
