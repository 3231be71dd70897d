import Basics
import FoundationEssentials
import Glibc
import Images
import Libvirt
import Planning
import Provisioning
import SystemPackage
import TopologyModel

extension LibvirtProvider {
    package func observe() async throws -> ProviderObservation {
        async let directories = listing()
        let networks = try await run { connection throws(LibvirtError) in try connection.seenNetworks() }
        var domains: [SeenDomain] = []
        for driver in try await presentDrivers() {
            let seen = try await driver.run { connection throws(LibvirtError) in try connection.seenDomains() }
            domains += try seen.map { domain in
                var domain = try domain.read()
                guard let runtime = domain.record?.runtime, domain.defined != nil, !uris.isRemote else { return domain }
                domain.written = DefinitionFile.changed(DefinitionFile.path(ofDomain: domain.name, runtime))
                return domain
            }
        }
        domains = try await containers.withoutEnded(domains)
        let hasMachines = try await machines.driver.presence() == .present
        let pool = hasMachines ? try await machines.seenPool() : SeenPool()
        let listing = try await directories
        var observation = ProviderObservation(hostRoutes: try hostRoutes())
        observation.noContainers = try await containers.driver.presence().reason
        observation.noMachines = try await machines.absence()
        observation.poolFault = pool.fault
        observation.networks = try networks.filter { try LeaseXML.record($0.xml) == nil }.map {
            var network = try ObservedNetwork(xml: $0.xml, active: $0.active)
            guard network.cluster != nil else { return network }
            network.autostart = $0.autostart
            if $0.active { network.live = NetworkShape(try XMLReader.read($0.xml)) }
            network.defined = try $0.definedXML.map { NetworkShape(try XMLReader.read($0)) }
            if !uris.isRemote { network.written = DefinitionFile.changed(DefinitionFile.path(ofNetwork: network.name)) }
            return network
        }
        observation.networks = unpluggedDomains(observation.networks, domains).sorted { $0.name < $1.name }
        observation.foreignDomains = domains.filter { $0.record == nil }.map(\.name).sorted()
        observation.nodes = Self.nodes(domains: domains, entries: listing.entries, pool: pool, storage: storage)
        let inhabited = Set(observation.nodes.map(\.cluster))
        observation.emptyClusterDirectories = listing.emptyClusters.filter { !inhabited.contains($0) }
        observation.strays = listing.strays
        if !uris.isRemote {
            let (kept, cut) = try await offPool { [storage] in
                let store = SnapshotStore(home: storage.home)
                return (try store.references(), try store.cutRestores())
            }
            if !kept.isEmpty { observation.snapshots = kept }
            if !cut.isEmpty { observation.cutRestores = cut }
        }
        return observation
    }

    package func machineHost() async throws -> VMHost? { try await machines.machineHost() }

    package func pruneVolumes(isDry: Bool) async throws -> [String] { try await machines.pruneVolumes(isDry: isDry) }

    package func nodesOfThisHost() async throws -> [ObservedNode] {
        try await offPool { [storage] in try storage.list() }.entries.compactMap { entry in
            var node = entry.content?.record.observed(power: .off, hasDomain: false, hasStorage: true)
            node?.take(entry.boot, staged: entry.staged)
            return node
        }
    }

    /// This host's directories, where containers can be: another host has none of them.
    ///
    /// - Throws: where a driver is not there and nodes of its runtime are: it may be stopped, and they may run.
    private func listing() async throws -> NodeStorage.Listing {
        let none = NodeStorage.Listing(entries: [], emptyClusters: [])
        if uris.isRemote { return none }
        let directory = machines.poolDirectory
        if try await machines.driver.presence() != .present, let uri = uris.machines {
            try refuseAbsence(
                of: uri,
                names: try await offPool { [storage] in try storage.names(in: directory) }
                    .compactMap { Volumes.node(ofVolume: $0)?.node.domainName },
                in: directory
            )
        }
        guard let uri = uris.containers else { return none }
        let listing = try await offPool { [storage] in try storage.list() }
        if try await containers.driver.presence() != .present {
            try refuseAbsence(of: uri, names: listing.entries.map(\.reference.domainName), in: storage.clusters)
            return none
        }
        return listing
    }

    private func refuseAbsence(of uri: String, names: [String], in directory: String) throws(ProviderError) {
        let names = Set(names).sorted()
        guard !names.isEmpty else { return }
        throw ProviderError(
            .connection,
            "libvirt does not answer at \(uri), and \(directory) has the storage of \(names.joined(separator: ", ")), "
                + "which may run: start libvirt's driver (systemctl status 'virt*'), then run this again",
        )
    }

    /// Joins domains, directories and volumes, sorted by cluster and name.
    static func nodes(
        domains: [SeenDomain],
        entries: [NodeStorage.Entry],
        pool: SeenPool = SeenPool(),
        storage: NodeStorage,
    ) -> [ObservedNode] {
        var kinds: [NodeReference: Set<Volumes.Kind>] = [:]
        for (node, kind) in pool.volumes.compactMap(Volumes.node(ofVolume:)) { kinds[node, default: []].insert(kind) }
        // By domain name: a domain stands for all that its node left, of either runtime.
        var whole: [String: Bool] = [:]
        var unreadable: [String: StorageObstacle] = [:]
        let incomplete = Set(entries.filter(\.isIncomplete).map(\.reference))
        let boots = Dictionary(entries.map { ($0.reference, $0) }) { first, _ in first }
        for entry in entries {
            whole[entry.reference.domainName] = entry.content != nil
            let path = storage.recordPath(of: entry.reference)
            switch entry.condition {
            case .unreadable(let reason):
                unreadable[entry.reference.domainName] = .unreadable(path: path, reason: reason)
            case .damaged(let reason):
                unreadable[entry.reference.domainName] = .damaged(path: path, reason: reason)
            case .whole, .remains: break
            }
        }
        let withDomain = domains.compactMap { domain in
            domain.record.map { record in
                let reference = NodeReference(record)
                let volumes = record.runtime == .vm ? kinds[reference] ?? [] : []
                let hasStorage = record.runtime == .vm ? volumes.contains(.disk) : whole[reference.domainName] ?? false
                var node = record.observed(power: domain.power, hasDomain: true, hasStorage: hasStorage)
                if !hasStorage, record.runtime == .container, whole[reference.domainName] != nil {
                    node.hasRemains = true
                }
                node.autostart = domain.autostart
                if domain.isTransient { node.isTransient = true }
                node.written = domain.written
                (node.condition, node.defined, node.live) = (domain.condition, domain.defined, domain.live)
                node.take(boots[reference]?.boot, staged: boots[reference]?.staged)
                if incomplete.contains(reference) { node.configDigest = "" }
                // A run that died between the old config drive and the new: the disk stays, the config drive is made anew.
                if hasStorage, record.runtime == .vm, !Self.hasConfig(volumes) { node.configDigest = "" }
                if record.etcd == .member, boots[reference]?.lacksEtcdLog == true { node.lacksEtcdLog = true }
                node.obstacle = domain.obstacle(storage) ?? unreadable[reference.domainName]
                node.diskSize = record.runtime == .vm ? pool.disks[Volumes.name(.disk, of: reference)] : nil
                if record.runtime == .vm, !hasStorage, record.phase > .defined, record.phase != .leaving {
                    node.obstacle = pool.obstacle
                }
                return node
            }
        }
        let known = Set(withDomain.map(\.domainName))
        let withoutDomain = entries.filter { !known.contains($0.reference.domainName) }.map { entry in
            guard let record = entry.content?.record else {
                var remains = ObservedNode.remains(cluster: entry.cluster, name: entry.name)
                remains.obstacle = unreadable[entry.reference.domainName]
                return remains
            }
            var node = record.observed(power: .off, hasDomain: false, hasStorage: true)
            node.take(entry.boot, staged: entry.staged)
            if node.etcd == .member, entry.lacksEtcdLog { node.lacksEtcdLog = true }
            node.obstacle = unreadable[entry.reference.domainName]
            // What was known of its part in etcd went with the domain; the data themselves are the second witness.
            node.etcdHistory = node.etcd == .member ? entry.hasEtcdData ? .joined(nil) : .never : .unknown
            return node
        }
        let named = known.union(withoutDomain.map(\.domainName))
        let volumesAlone = kinds.filter { !named.contains($0.key.domainName) }.compactMap { node, kinds in
            NodeName(node.name).map { name in
                var remains = ObservedNode.remains(cluster: node.cluster, name: name)
                remains.runtime = .vm
                remains.hasStorage = kinds.contains(.disk)
                return remains
            }
        }
        return (withDomain + withoutDomain + volumesAlone).naturallySorted { "\($0.cluster)\0\($0.name)" }
    }

    private static func hasConfig(_ kinds: Set<Volumes.Kind>) -> Bool {
        kinds.contains(.config) || kinds.contains(.ignition)
    }

    private func hostRoutes() throws -> [HostRoute] {
        // Another host's routes are unknown here.
        guard !uris.isRemote, let table = try storage.contents(of: HostRoutes.path) else { return [] }
        return HostRoutes.parse(String(decoding: table, as: UTF8.self))
    }
}

extension NodeStorage.Entry {
    var reference: NodeReference { NodeReference(cluster: cluster, name: name.text, runtime: .container) }
}

/// A domain in one pass over all of them.
struct SeenDomain: Sendable, Hashable {
    var name: String
    var power: ObservedNode.Power
    /// Nil for a domain that is not Slipway's.
    var record: NodeRecord?
    /// Its definition, as it runs; nil for one that is not Slipway's.
    var xml: String?
    /// Its definition, as its next start follows it; nil for one that has none, and for one that is not Slipway's.
    var definedXML: String?
    /// What it does where it is neither running nor off.
    var condition: DomainCondition?
    /// What of its definition people change.
    var defined: DomainShape?
    /// The same of the domain as it runs; nil while it does not.
    var live: DomainShape?
    /// When its definition was last written, in seconds since 1970; nil where that is not known.
    var written: Int64?
    /// True when it starts with the host; nil for a domain whose definition was removed, and for one that is not
    /// Slipway's.
    var autostart: Bool?
    /// Its number while it runs; for a container, the process that carries it.
    var id: UInt32?
    /// True where it runs and has no definition any more.
    var isTransient = false
    /// The directory that a container's files lie in, once its definition is read.
    var directory: String?
    /// Its networks with the host's side of its interfaces in them, once its definition is read.
    var interfaces: [Interface] = []

    struct Interface: Sendable, Hashable {
        var network: String
        var device: String
    }

    /// The same with its definition read.
    func read() throws -> SeenDomain {
        guard let xml, let record else { return self }
        var read = self
        let document = try XMLReader.read(xml)
        if record.runtime == .container { read.directory = try source(of: NodeContract.nodeTarget) }
        read.interfaces = document.all("devices", "interface").compactMap { interface in
            guard let network = interface.first("source")?["network"], let device = interface.first("target")?["dev"]
            else { return nil }
            return Interface(network: network, device: device)
        }
        // Without a definition there is nothing to compare with.
        if let definedXML {
            read.defined = DomainShape(try XMLReader.read(definedXML))
            if power != .off { read.live = DomainShape(document) }
        }
        return read
    }

    /// The host's directory that a container has at a path.
    func source(of target: String) throws -> String? {
        guard let xml else { return nil }
        let systems = try XMLReader.read(xml).all("devices", "filesystem")
        return systems.first { $0.first("target")?["dir"] == target }?.first("source")?["dir"]
    }

    /// Returns the reason why nothing may be done with a container whose files lie below another home than this one.
    func obstacle(_ storage: NodeStorage) -> StorageObstacle? {
        guard let record, record.runtime == .container, let directory else { return nil }
        let own = storage.directory(of: NodeReference(record))
        guard directory != own, FilePath(directory).resolved != FilePath(own).resolved else { return nil }
        let end = own.dropFirst(storage.home.count)
        let home = directory.hasSuffix(end) ? String(directory.dropLast(end.count)) : nil
        return .elsewhere(directory: directory, home: home)
    }
}

extension FilePath {
    /// Without links; as it is where there is nothing.
    fileprivate var resolved: FilePath {
        guard let real = realpath(string, nil) else { return lexicallyNormalized() }
        defer { free(real) }
        return FilePath(platformString: real)
    }
}

/// A network in one pass over all of them.
struct SeenNetwork: Sendable, Hashable {
    var xml: String
    var active: Bool
    /// Its definition, as its next start follows it; nil where there is none.
    var definedXML: String?
    var autostart: Bool?
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

extension Domain {
    /// Observes the domain.
    borrowing func seen() throws(LibvirtError) -> SeenDomain {
        let record = try record()
        let xml = record == nil ? nil : try xml()
        // libvirt starts only what it has a definition of.
        let isDefined = record == nil ? false : try isPersistent()
        let autostart = isDefined ? try autostart() : nil
        let state = try state()
        var seen = SeenDomain(name: name, power: .init(state), record: record, xml: xml, autostart: autostart)
        seen.condition = DomainCondition(state)
        seen.definedXML = isDefined ? try self.xml(inactive: true) : nil
        seen.isTransient = record != nil && !isDefined
        seen.id = id
        return seen
    }
}

extension Connection {
    func seenDomains() throws(LibvirtError) -> [SeenDomain] {
        var seen: [SeenDomain] = []
        try forEachDomain { domain throws(LibvirtError) in
            try Self.unlessGone { () throws(LibvirtError) in
                seen.append(try domain.seen())
            }
        }
        return seen
    }

    func seenNetworks() throws(LibvirtError) -> [SeenNetwork] {
        var seen: [SeenNetwork] = []
        try forEachNetwork { network throws(LibvirtError) in
            try Self.unlessGone { () throws(LibvirtError) in
                var one = SeenNetwork(xml: try network.xml(), active: try network.isActive())
                one.definedXML = try network.definition()
                if one.definedXML != nil { one.autostart = try network.autostart() }
                seen.append(one)
            }
        }
        return seen
    }

    /// Runs `body`, and ignores that its object has vanished since it was listed.
    static func unlessGone(_ body: () throws(LibvirtError) -> Void) throws(LibvirtError) {
        do {
            try body()
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }
}
