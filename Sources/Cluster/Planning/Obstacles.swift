import Diagnostics
import TopologyModel

/// What on this host stands in the way of a topology, found before anything is made.
struct Obstacles {
    let topology: Topology
    let observed: Observation

    /// - Parameter now: seconds since 1970.
    func diagnostics(at now: Int64) -> [Diagnostic] {
        runtimes + machineShortages + networkClashes + domainClashes + certificateObstacles(at: now)
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
        if let own = observed.provider.network(of: topology.name), let cidr = own.cidr, cidr != wanted {
            return [
                .error(
                    "cluster '\(topology.name)' runs on network \(cidr), and its file says \(wanted)",
                    at: topology.network.location,
                    notes: ["take the cluster down first: slipway down \(topology.name)"],
                )
            ]
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
            !bridges.contains($0.interface) && $0.destination.prefix > 0 && wanted.overlaps($0.destination)
        }
        return routes.first.map { [clashError("the host's route to \($0.destination) through \($0.interface)")] } ?? []
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
