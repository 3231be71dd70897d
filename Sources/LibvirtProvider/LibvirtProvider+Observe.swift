import FoundationEssentials
import Libvirt
import Planning
import Provisioning

extension LibvirtProvider {
    package func observe() async throws -> ProviderObservation {
        async let directories = offPool { [storage] in try storage.list() }
        let seen = try await run { connection throws(LibvirtError) in
            (domains: try connection.seenDomains(), networks: try connection.seenNetworks())
        }
        let listing = try await directories
        var observation = ProviderObservation(hostRoutes: try hostRoutes())
        observation.networks = try seen.networks.map { try ObservedNetwork(xml: $0.xml, active: $0.active) }
        observation.networks.sort { $0.name < $1.name }
        observation.foreignDomains = seen.domains.filter { $0.record == nil }.map(\.name).sorted()
        observation.nodes = Self.nodes(domains: seen.domains, entries: listing.entries)
        let inhabited = Set(observation.nodes.map(\.cluster))
        observation.emptyClusterDirectories = listing.emptyClusters.filter { !inhabited.contains($0) }
        return observation
    }

    /// Joins domains and directories, sorted by cluster and name.
    static func nodes(domains: [SeenDomain], entries: [NodeStorage.Entry]) -> [ObservedNode] {
        var whole: [NodeReference: Bool] = [:]
        for entry in entries { whole[entry.reference] = entry.content != nil }
        let withDomain = domains.compactMap { domain in
            domain.record.map { record in
                let reference = NodeReference(cluster: record.cluster, name: record.name)
                return record.observed(power: domain.power, hasDomain: true, hasStorage: whole[reference] ?? false)
            }
        }
        let known = Set(withDomain.map { NodeReference($0) })
        let withoutDomain = entries.filter { !known.contains($0.reference) }.map { entry in
            entry.content?.record.observed(power: .off, hasDomain: false, hasStorage: true)
                ?? .remains(cluster: entry.cluster, name: entry.name)
        }
        return (withDomain + withoutDomain).sorted { ($0.cluster, $0.name) < ($1.cluster, $1.name) }
    }

    private func hostRoutes() throws -> [HostRoute] {
        guard let table = try storage.contents(of: HostRoutes.path) else { return [] }
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
