import FoundationEssentials
import Libvirt
import Planning
import Provisioning
import TopologyModel

extension LibvirtProvider {
    package func observe() async throws -> ProviderObservation {
        let present = try await presentRuntimes()
        async let directories = listing(present)
        let networks = try await run { connection throws(LibvirtError) in try connection.seenNetworks() }
        var domains: [SeenDomain] = []
        // One driver for both shows everything at once.
        for runtime in self[.vm] === self[.container] ? Array(present.prefix(1)) : present {
            domains += try await run(on: runtime) { connection throws(LibvirtError) in try connection.seenDomains() }
        }
        let volumes = present.contains(.vm) ? try await machineVolumes() : []
        let listing = try await directories
        var observation = ProviderObservation(hostRoutes: try hostRoutes())
        observation.noContainers = try await presence(of: .container).reason
        observation.noMachines = try await presence(of: .vm).reason
        observation.networks = try networks.map { try ObservedNetwork(xml: $0.xml, active: $0.active) }
        observation.networks.sort { $0.name < $1.name }
        observation.foreignDomains = domains.filter { $0.record == nil }.map(\.name).sorted()
        observation.nodes = Self.nodes(domains: domains, entries: listing.entries, volumes: volumes)
        let inhabited = Set(observation.nodes.map(\.cluster))
        observation.emptyClusterDirectories = listing.emptyClusters.filter { !inhabited.contains($0) }
        return observation
    }

    package func nodesOfThisHost() async throws -> [ObservedNode] {
        try await offPool { [storage] in try storage.list() }.entries.compactMap { entry in
            entry.content?.record.observed(power: .off, hasDomain: false, hasStorage: true)
        }
    }

    /// This host's directories, where containers can be: another host has none of them.
    private func listing(_ present: [Runtime]) async throws -> NodeStorage.Listing {
        guard present.contains(.container) else { return NodeStorage.Listing(entries: [], emptyClusters: []) }
        return try await offPool { [storage] in try storage.list() }
    }

    /// Joins domains, directories and volumes, sorted by cluster and name.
    static func nodes(
        domains: [SeenDomain],
        entries: [NodeStorage.Entry],
        volumes: [String] = [],
    ) -> [ObservedNode] {
        var kinds: [NodeReference: Set<Volumes.Kind>] = [:]
        for (node, kind) in volumes.compactMap(Volumes.node(ofVolume:)) { kinds[node, default: []].insert(kind) }
        var whole: [NodeReference: Bool] = [:]
        for entry in entries { whole[entry.reference] = entry.content != nil }
        let withDomain = domains.compactMap { domain in
            domain.record.map { record in
                let reference = NodeReference(cluster: record.cluster, name: record.name)
                let volumes = record.runtime == .vm ? kinds[reference] ?? [] : []
                let hasStorage = record.runtime == .vm ? volumes.contains(.disk) : whole[reference] ?? false
                var node = record.observed(power: domain.power, hasDomain: true, hasStorage: hasStorage)
                // A run that died between the old seed and the new: the disk stays, the configuration is given anew.
                if hasStorage, record.runtime == .vm, !Self.hasSeed(volumes) { node.configDigest = "" }
                return node
            }
        }
        let known = Set(withDomain.map { NodeReference($0) })
        let withoutDomain = entries.filter { !known.contains($0.reference) }.map { entry in
            entry.content?.record.observed(power: .off, hasDomain: false, hasStorage: true)
                ?? .remains(cluster: entry.cluster, name: entry.name)
        }
        let named = known.union(withoutDomain.map { NodeReference($0) })
        let volumesAlone = kinds.filter { !named.contains($0.key) }.compactMap { node, kinds in
            NodeName(node.name).map { name in
                var remains = ObservedNode.remains(cluster: node.cluster, name: name)
                remains.runtime = .vm
                remains.hasStorage = kinds.contains(.disk)
                return remains
            }
        }
        return (withDomain + withoutDomain + volumesAlone).sorted { ($0.cluster, $0.name) < ($1.cluster, $1.name) }
    }

    private static func hasSeed(_ kinds: Set<Volumes.Kind>) -> Bool {
        kinds.contains(.seed) || kinds.contains(.ignition)
    }

    private func hostRoutes() throws -> [HostRoute] {
        // Another host's routes are not known here.
        guard !uris.isRemote, let table = try storage.contents(of: HostRoutes.path) else { return [] }
        return HostRoutes.parse(String(decoding: table, as: UTF8.self))
    }
}

extension NodeStorage.Entry {
    var reference: NodeReference { NodeReference(cluster: cluster, name: name.text) }
}

/// A domain in one pass over all of them.
struct SeenDomain: Sendable, Hashable {
    var name: String
    var power: ObservedNode.Power
    /// Nil for a domain that is not Slipway's.
    var record: NodeRecord?
}

/// A network in one pass over all of them.
struct SeenNetwork: Sendable, Hashable {
    var xml: String
    var active: Bool
}

extension ObservedNode.Power {
    init(_ state: DomainState) {
        switch state {
        case .running, .blocked: self = .running
        case .shutOff, .none: self = .off
        default: self = .other
        }
    }
}

extension Connection {
    func seenDomains() throws(LibvirtError) -> [SeenDomain] {
        var seen: [SeenDomain] = []
        try forEachDomain { domain throws(LibvirtError) in
            try Self.unlessGone { () throws(LibvirtError) in
                let record = try domain.record()
                seen.append(SeenDomain(name: domain.name, power: .init(try domain.state()), record: record))
            }
        }
        return seen
    }

    func seenNetworks() throws(LibvirtError) -> [SeenNetwork] {
        var seen: [SeenNetwork] = []
        try forEachNetwork { network throws(LibvirtError) in
            try Self.unlessGone { () throws(LibvirtError) in
                seen.append(SeenNetwork(xml: try network.xml(), active: try network.isActive()))
            }
        }
        return seen
    }

    /// What vanishes between the listing and the look at it was never there.
    private static func unlessGone(_ body: () throws(LibvirtError) -> Void) throws(LibvirtError) {
        do {
            try body()
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }
}
