import Basics
import Diagnostics
import TopologyModel

/// Obstacles to a topology on this host, found before anything is created.
struct Obstacles {
    let topology: Topology
    let observed: Observation
    /// Names of nodes that are made anew.
    var replaced: Set<String> = []

    /// - Parameter now: seconds since 1970.
    func diagnostics(at now: Int64) -> [Diagnostic] {
        cutRestore + storageObstacles + runtimes + disksThatShrink + machineShortages + networkClashes
            + containerNetworkDoubts
            + domainClashes + etcdSplit + etcdAlarms + certificateObstacles(at: now)
    }

    /// Nodes of which some are of one time and some of another.
    private var cutRestore: [Diagnostic] {
        observed.provider.cutRestore(of: topology.name).map { [$0.finding] } ?? []
    }

    /// Nodes whose storage cannot be examined. Unknown is not gone: a plan from half of a cluster could destroy the
    /// other half.
    private var storageObstacles: [Diagnostic] {
        let wanted = Set(
            topology.roles.flatMap { role in
                (0..<role.count).map { Identity.nodeName(role: role.name, index: $0 + 1) }
            }
        )
        let nodes = observed.provider.nodes(of: topology.name)
        // Where nothing shows that etcd was ever whole, what cannot be read may be all that is left of it.
        let wasWhole = observed.etcd != nil || nodes.contains(where: \.mayHoldEtcdData)
        return nodes.filter { node in
            guard wanted.contains(node.name), node.obstacle?.allowsReplacing == true else { return true }
            // Given up by name, or lost, in which case the plan says what is done about it.
            return !replaced.contains(node.name) && !(wasWhole && NodeLoss(node, member: nil) == .record)
        }
        .compactMap { node in
            node.obstacle.map { .error("node '\(node.name)': \($0)", notes: [$0.advice]) }
        }
    }

    static func networkFull(_ topology: Topology) -> Diagnostic {
        let capacity = AddressAllocation.capacity(of: topology.network.cidr)
        return .error(
            "network \(topology.network.cidr) has room for \(capacity) nodes, and \(topology.nodeCount) are asked for",
            at: topology.network.location,
            notes: ["the first \(AddressAllocation.reserved) addresses are kept for the host; take a larger network"],
        )
    }

    private var networkClashes: [Diagnostic] {
        let wanted = topology.network.cidr
        let ownBridge = Identity.bridgeName(cluster: topology.name)
        // A network that exists has its routes already; what of it cannot change is all there is to see.
        if let own = observed.provider.network(of: topology.name),
            !observed.provider.nodes(of: topology.name).isEmpty
        {
            return changes(of: own)
        }
        let foreign = observed.provider.networks.filter { $0.cluster != topology.name }
        let clashes = foreign.filter { $0.cidr.map(wanted.overlaps) ?? false }
        if let clash = clashes.first, let cidr = clash.cidr {
            let owner = clash.cluster.map { "cluster '\($0)'" } ?? "libvirt network '\(clash.name)'"
            return [clashError("\(cidr) of \(owner)")]
        }
        if foreign.contains(where: { $0.name == Identity.networkName(cluster: topology.name) }) {
            let name = Identity.networkName(cluster: topology.name)
            return [.error("libvirt network '\(name)' exists and is not Slipway's; it will not be touched")]
        }
        let bridges = Set(observed.provider.networks.compactMap(\.bridge) + [ownBridge])
        let routes = observed.provider.hostRoutes.filter {
            !bridges.contains($0.interface) && wanted.overlaps($0.destination)
        }
        // The kernel takes the longer prefix: only a route as specific as the network's own would take its packets.
        if let clash = routes.first(where: { $0.destination.prefix >= wanted.prefix }) {
            return [clashError("the host's route to \(clash.destination) through \(clash.interface)")]
        }
        return routes.filter { $0.destination.prefix >= Self.shortestPrefixOfOneNetwork }.prefix(1).map { route in
            .warning(
                "network \(wanted) hides a part of the host's route to \(route.destination) through \(route.interface)",
                at: topology.network.location,
                notes: ["if something is reached there, choose another `network.cidr`"],
            )
        }
    }

    /// Shorter prefixes are default routes or halves of one, as VPNs set them, and say nothing of who is there.
    private static let shortestPrefixOfOneNetwork = 8

    /// Routes of the host's that nodes would not use: on them, all of the containers' network is on nodes.
    private var containerNetworkDoubts: [Diagnostic] {
        guard let flannel = topology.flannel, topology.network.mode == .nat else { return [] }
        let routes = observed.provider.hostRoutes.filter {
            $0.destination.prefix >= Self.shortestPrefixOfOneNetwork && flannel.network.overlaps($0.destination)
        }
        return routes.prefix(1).map { route in
            .warning(
                "the containers' network \(flannel.network) hides \(route.destination) from nodes, "
                    + "which the host reaches through \(route.interface)",
                at: flannel.location,
                notes: ["if something is reached there, choose another `flannel.network`"],
            )
        }
    }

    /// Changes that the file asks of a network with nodes on it, and that are not possible.
    private func changes(of own: ObservedNetwork) -> [Diagnostic] {
        let wanted = topology.network
        var changes: [String] = []
        if let cidr = own.cidr, cidr != wanted.cidr {
            changes.append("runs on network \(cidr), and its file says \(wanted.cidr)")
        }
        if let mode = own.mode, mode != wanted.mode {
            changes.append("runs on a network of mode \(mode.rawValue), and its file says \(wanted.mode.rawValue)")
        }
        return changes.map { change in
            .error(
                "cluster '\(topology.name)' \(change)",
                at: wanted.location,
                notes: ["this cannot change while it lives; take it down first: slipway down \(topology.name)"],
            )
        }
    }

    private func clashError(_ what: String) -> Diagnostic {
        .error(
            "network \(topology.network.cidr) overlaps with \(what)",
            at: topology.network.location,
            notes: ["choose another `network.cidr`"],
        )
    }

    private var domainClashes: [Diagnostic] {
        let foreign = Set(observed.provider.foreignDomains)
        return topology.roles.flatMap { role in
            (1...max(1, role.count)).map { Identity.nodeName(role: role.name, index: $0) }
        }
        .map { Identity.domainName(cluster: topology.name, node: $0) }
        .filter(foreign.contains)
        .map { .error("libvirt domain '\($0)' exists and is not Slipway's; it will not be touched") }
    }
}
