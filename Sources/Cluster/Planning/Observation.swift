import TopologyModel

/// How far a node has come. It is written on the libvirt domain itself, so that any later run knows where to go on.
package enum NodePhase: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Has a directory, and no domain yet.
    case allocated
    /// Has a domain that was never started.
    case defined
    /// Was started; the ladder is not climbed to its end.
    case started
    /// Climbed the whole ladder once.
    case ready
    /// Is being removed.
    case leaving

    package static func < (lhs: NodePhase, rhs: NodePhase) -> Bool {
        (allCases.firstIndex(of: lhs) ?? 0) < (allCases.firstIndex(of: rhs) ?? 0)
    }
}

/// A node as libvirt and the disk show it.
package struct ObservedNode: Sendable, Hashable {
    package enum Power: String, Sendable, Hashable {
        case running, off
        /// Paused, crashed or shutting down.
        case other
    }

    package var cluster: String
    package var name: String
    package var role: String
    package var index: Int
    package var domainName: String
    package var runtime: Runtime
    package var power: Power
    package var phase: NodePhase
    package var address: IPv4Address?
    package var etcd: EtcdRole
    package var image: ImageDigests?
    package var baseDigest: String
    package var configDigest: String
    package var generation: Int
    /// False for the remains of a node whose domain is not there: a directory, a cgroup.
    package var hasDomain: Bool
    /// False when someone took the node's directory away.
    package var hasStorage: Bool
    /// How its fleet is reached.
    package var fleet: FleetReach
    /// Whether its etcd speaks TLS only.
    package var etcdTLS: Bool
    /// Which of the cluster's certificates it was given.
    package var certificates: CertificateGeneration?

    package init(
        cluster: String,
        name: String,
        role: String,
        index: Int,
        domainName: String,
        runtime: Runtime = .container,
        power: Power,
        phase: NodePhase,
        address: IPv4Address?,
        etcd: EtcdRole,
        image: ImageDigests?,
        baseDigest: String,
        configDigest: String,
        generation: Int,
        hasDomain: Bool = true,
        hasStorage: Bool = true,
        fleet: FleetReach = .tcp,
        etcdTLS: Bool = false,
        certificates: CertificateGeneration? = nil,
    ) {
        self.cluster = cluster
        self.name = name
        self.role = role
        self.index = index
        self.domainName = domainName
        self.runtime = runtime
        self.power = power
        self.phase = phase
        self.address = address
        self.etcd = etcd
        self.image = image
        self.baseDigest = baseDigest
        self.configDigest = configDigest
        self.generation = generation
        self.hasDomain = hasDomain
        self.hasStorage = hasStorage
        self.fleet = fleet
        self.etcdTLS = etcdTLS
        self.certificates = certificates
    }
}

extension ObservedNode {
    package var runsFleet: Bool { etcd.runsFleet && fleet != .none }
    /// Where etcd's clients are served; nil without an address.
    package var clientURL: String? { address.map { EtcdURL.client($0, tls: etcdTLS) } }
    /// Where an etcd member talks to the others; nil without an address.
    package var peerURL: String? { address.map { EtcdURL.peer($0, tls: etcdTLS) } }
}

/// A network as libvirt shows it, ours or not.
package struct ObservedNetwork: Sendable, Hashable {
    package var name: String
    /// The cluster it belongs to; nil for a network that is not Slipway's.
    package var cluster: String?
    package var cidr: CIDRv4?
    package var mode: NetworkSettings.Mode?
    package var bridge: String?
    package var active: Bool

    package init(
        name: String,
        cluster: String?,
        cidr: CIDRv4?,
        mode: NetworkSettings.Mode?,
        bridge: String?,
        active: Bool,
    ) {
        self.name = name
        self.cluster = cluster
        self.cidr = cidr
        self.mode = mode
        self.bridge = bridge
        self.active = active
    }
}

/// What the provider sees: all clusters of one libvirt connection, and what stands in their way.
package struct ProviderObservation: Sendable, Hashable {
    /// Slipway's nodes of every cluster, sorted by cluster and name.
    package var nodes: [ObservedNode]
    /// Every network, Slipway's or not.
    package var networks: [ObservedNetwork]
    /// Names of domains that are not Slipway's: a name clash is refused, never resolved by force.
    package var foreignDomains: [String]
    /// Networks the host itself has routes to, with the interface they go through.
    package var hostRoutes: [HostRoute]
    /// Directories of clusters that hold no node any more.
    package var emptyClusterDirectories: [String]
    /// Why there can be no containers at this connection; nil where there can.
    package var noContainers: String?
    /// Why there can be no virtual machines at this connection; nil where there can.
    package var noMachines: String?
    /// The host of virtual machines; nil where there can be none, or nobody asked.
    package var machineHost: MachineHost?

    package init(
        nodes: [ObservedNode] = [],
        networks: [ObservedNetwork] = [],
        foreignDomains: [String] = [],
        hostRoutes: [HostRoute] = [],
        emptyClusterDirectories: [String] = [],
        noContainers: String? = nil,
        noMachines: String? = nil,
        machineHost: MachineHost? = nil,
    ) {
        self.nodes = nodes
        self.networks = networks
        self.foreignDomains = foreignDomains
        self.hostRoutes = hostRoutes
        self.emptyClusterDirectories = emptyClusterDirectories
        self.noContainers = noContainers
        self.noMachines = noMachines
        self.machineHost = machineHost
    }

    package func nodes(of cluster: String) -> [ObservedNode] { nodes.filter { $0.cluster == cluster } }
    package func network(of cluster: String) -> ObservedNetwork? { networks.first { $0.cluster == cluster } }
}

package struct HostRoute: Sendable, Hashable {
    package var destination: CIDRv4
    package var interface: String

    package init(destination: CIDRv4, interface: String) {
        self.destination = destination
        self.interface = interface
    }
}

/// The etcd cluster as its members tell it.
package struct ObservedEtcd: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        /// etcd's own number for the member, in hexadecimal.
        package var id: String
        package var name: String
        package var peerURLs: [String]
        /// Whether it ever joined: etcd lists no client URLs of a member that was announced and never started.
        package var started: Bool
        package var healthy: Bool

        package init(id: String, name: String, peerURLs: [String], started: Bool = true, healthy: Bool) {
            self.id = id
            self.name = name
            self.peerURLs = peerURLs
            self.started = started
            self.healthy = healthy
        }
    }

    /// Sorted by peer URL.
    package var members: [Member]

    package init(members: [Member]) {
        self.members = members
    }

    package var healthyCount: Int { members.filter(\.healthy).count }
    package var hasQuorum: Bool { !members.isEmpty && healthyCount >= members.count / 2 + 1 }
    package func member(peerURL: String) -> Member? { members.first { $0.peerURLs.contains(peerURL) } }
}

/// fleet as its registry tells it.
package struct ObservedFleet: Sendable, Hashable {
    package struct Unit: Sendable, Hashable {
        package var name: String
        /// SHA-1 of the unit's canonical text, in hexadecimal.
        package var hash: String
        package var desiredState: UnitDeployment.DesiredState
        /// The machines on which the unit is, with systemd's active state there.
        package var states: [String: String]
        /// Why the unit is placed nowhere; nil when it is placed or not wanted.
        package var reason: String?

        package init(
            name: String,
            hash: String,
            desiredState: UnitDeployment.DesiredState,
            states: [String: String],
            reason: String? = nil,
        ) {
            self.name = name
            self.hash = hash
            self.desiredState = desiredState
            self.states = states
            self.reason = reason
        }
    }

    /// IDs of the machines present.
    package var machines: Set<String>
    package var units: [String: Unit]

    package init(machines: Set<String>, units: [String: Unit]) {
        self.machines = machines
        self.units = units
    }
}

/// What is really there.
package struct Observation: Sendable, Hashable {
    package var provider: ProviderObservation
    /// Nil when no member answered.
    package var etcd: ObservedEtcd?
    /// Nil when etcd had no quorum.
    package var fleet: ObservedFleet?
    /// Images present on the host, by digest.
    package var images: Set<ImageDigests>

    package init(
        provider: ProviderObservation,
        etcd: ObservedEtcd? = nil,
        fleet: ObservedFleet? = nil,
        images: Set<ImageDigests> = [],
    ) {
        self.provider = provider
        self.etcd = etcd
        self.fleet = fleet
        self.images = images
    }
}
