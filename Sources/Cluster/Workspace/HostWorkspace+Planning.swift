import Discovery
import FoundationEssentials
import Images
import Planning
import Provisioning
import SecureShell
import SystemPackage
import TopologyModel

/// A plan, and what it was made from.
package struct PlannedCluster: Sendable {
    /// Steps to take.
    package var plan: Plan
    /// State before the first of them.
    package var observed: Observation
}

extension HostWorkspace {
    /// Refuses roles that this user may not have on this host, before anything is looked at or made for them.
    package func checkRights(to topology: Topology) throws(UserError) { try rights.check(topology) }

    /// Throws where nodes that are there take rights that this user does not have.
    package func checkRights(to nodes: [ObservedNode]) throws(UserError) { try rights.check(nodes) }

    /// Throws where a plan takes rights that this user does not have: for containers that the host chose, and for nodes
    /// that were made with another user's keys.
    package func checkRights(to plan: Plan, of present: [ObservedNode]) throws(UserError) {
        try rights.check(plan)
        try rights.check(plan, of: present.filter { $0.cluster == plan.cluster }, home: home.string)
    }

    private var rights: Rights { substitutes.map { Rights(uri: uri, user: $0.user) } ?? Rights(uri: uri) }

    /// Plans what brings the cluster to its topology.
    ///
    /// - Parameters:
    ///   - renewsCertificates: whether nodes shall be given new ones.
    ///   - replaced: nodes to make anew.
    ///   - progress: called for each image that has to be fetched before its digest is known.
    /// - Throws: `DiagnosticsError` with what stands in the way, and whatever keeps this host from being looked at.
    package func plan(
        _ topology: Topology,
        renewsCertificates: Bool = false,
        replaced: Set<String> = [],
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> PlannedCluster {
        var resolved = try await resolve(topology, renewsCertificates: renewsCertificates, progress: progress)
        resolved.inputs.replaced = replaced
        let planner = Planner(topology: topology, inputs: resolved.inputs)
        let plan = try planner.plan(from: resolved.observed)
        try checkRights(to: plan, of: resolved.observed.provider.nodes)
        return PlannedCluster(plan: plan, observed: resolved.observed)
    }

    /// Plans the reboot of nodes.
    package func plan(
        _ topology: Topology,
        _ roll: Roll,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> PlannedCluster {
        let resolved = try await resolve(topology, renewsCertificates: false, progress: progress)
        let plan = try Planner(topology: topology, inputs: resolved.inputs).roll(roll, from: resolved.observed)
        try checkRights(to: plan, of: resolved.observed.provider.nodes)
        return PlannedCluster(plan: plan, observed: resolved.observed)
    }

    /// Plans the way of nodes to another image, or back.
    package func plan(
        _ topology: Topology,
        _ upgrade: @Sendable (PlannerInputs) throws -> Upgrade,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> PlannedCluster {
        let resolved = try await resolve(topology, renewsCertificates: false, progress: progress)
        let planner = Planner(topology: topology, inputs: resolved.inputs)
        let plan = try planner.upgrade(try upgrade(resolved.inputs), from: resolved.observed)
        try checkRights(to: plan, of: resolved.observed.provider.nodes)
        return PlannedCluster(plan: plan, observed: resolved.observed)
    }

    /// Plans a cluster of which nothing is there yet, without asking libvirt.
    package func planAnew(_ topology: Topology, progress: @escaping @Sendable (String) -> Void) async throws -> Plan {
        let nothing = Observation(provider: ProviderObservation())
        let resolved = try await resolve(topology, seen: nothing, renewsCertificates: false, progress: progress)
        return try Planner(topology: topology, inputs: resolved.inputs).plan(from: nothing)
    }

    /// Everything that planning needs to know and that has to be looked up, fetched or made: what remains is a function
    /// of values.
    ///
    /// - Parameter seen: what is known already; else this host is looked at.
    package func resolve(
        _ topology: Topology,
        seen: Observation? = nil,
        renewsCertificates: Bool,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> (inputs: PlannerInputs, observed: Observation) {
        if seen == nil { try rights.check(topology) }
        var inputs = try inputs(for: topology.name, renewsCertificates: renewsCertificates)
        inputs.foreignImages = try await images.foreignLocks(topology.roles.compactMap(\.image), progress: progress)
        let foreign = inputs.foreignImages.values.sorted().map {
            ImageDigests(root: $0, layer: inputs.machineImage.layer)
        }
        let roots = inputs.roots.map { ImageDigests(root: $0.digest, layer: inputs.image.layer) }
        let observed: Observation
        if let seen {
            observed = seen
        } else {
            observed = try await observer(of: topology.name).observe(
                topology.name,
                wanted: Set([inputs.image, inputs.machineImage] + foreign + roots),
                machines: topology.roles.contains { $0.runtime == .vm || $0.choosesRuntime },
            )
        }
        if topology.servesDiscovery {
            let isNew = !observed.provider.nodes(of: topology.name).contains { $0.etcd == .member && $0.hasDomain }
            inputs.discoveryToken = try discovery(of: ClusterName(topology.name)).token(isNew: isNew).description
        }
        return (inputs, observed)
    }

    private func inputs(for cluster: String, renewsCertificates: Bool) throws -> PlannerInputs {
        let own = try secret.ownKey()
        _ = try secret.ownKeyFile()
        let mirror = ProcessInfo.processInfo.environment["SLIPWAY_REGISTRY_MIRROR"]
        let keys = HostKeys(secret: secret, cluster: cluster)
        var inputs = PlannerInputs(
            image: try substitutes?.image ?? images.current(),
            machineImage: try substitutes?.image ?? images.currentMachine(),
            authorizedKeys: [own.publicKey],
            hostKey: { try keys.pair(of: $0) },
            clusterKey: try secret.clusterKey(cluster: cluster),
            registryMirrors: mirror.map { [$0] } ?? [],
            certificates: certificates(of: cluster).inputs(renews: renewsCertificates),
        )
        inputs.roots = try images.rootVersions()
        return inputs
    }
}

extension Topology {
    /// True when the first members meet at a discovery service of slipway's own.
    var servesDiscovery: Bool { etcd.bootstrap == .discovery && etcd.discovery == nil }
}
