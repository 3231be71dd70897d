import Basics
import TopologyModel
import UnitFiles

/// Progress of a node. It is written on the libvirt domain itself, so that any later run knows where to go on.
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
package struct ObservedNode: CodedNode {
    /// Power state of a node.
    package enum Power: String, Sendable, Hashable, Codable {
        case running, off
        /// Paused, crashed or shutting down.
        case other
    }

    /// Facts beside the spec's.
    package struct Details: Sendable, Hashable, Codable {
        /// libvirt's name of the domain.
        package var domainName: String
        /// Power state.
        package var power: Power
        /// Rung that the last command had reached.
        package var phase: NodePhase
        /// Address; nil where the record has none.
        package var address: IPv4Address?
        /// Image that it runs; nil where the record names none.
        package var image: ImageDigests?
        /// False for the remains of a node whose domain is not there: a directory, a cgroup.
        package var hasDomain = true
        /// False when someone took the node's directory away.
        package var hasStorage = true
        /// True where its storage is not whole, and something of it is there; nil where that is not so, or not known.
        package var hasRemains: Bool?
        /// Way to reach its fleet.
        package var fleet = FleetReach.tcp
        /// True when its etcd speaks TLS only.
        package var etcdTLS = false
        /// Reason why nothing is known of its storage, so that nothing may be done with it; nil where all is known.
        package var obstacle: StorageObstacle?
        /// True for a member on which etcd had data, and of them not even the log is left; nil where that is not so, or
        /// cannot be seen.
        package var lacksEtcdLog: Bool?
        /// Record of its part in etcd.
        package var etcdHistory = EtcdHistory.unknown
        /// Digests of the parts of its configuration; nil in records from before there were any.
        package var configParts: ConfigParts?
        /// True when libvirt starts it with the host; nil where that is not known, or has no meaning.
        package var autostart: Bool?
        /// What it does where it is neither running nor off; nil where that is not known.
        package var condition: DomainCondition?
        /// Its definition, which its next start follows; nil where libvirt has none.
        package var defined: DomainShape?
        /// The same of the domain as it runs; nil while it does not.
        package var live: DomainShape?
        /// Devices that Slipway defined it with; nil where that is not recorded.
        package var devices: [String]?
        /// When libvirt's definition of it was last written, by whoever, in seconds since 1970; nil where that is not known.
        package var written: Int64?
        /// True where it runs and libvirt has no definition of it any more, so that nothing starts it again.
        package var isTransient: Bool?
        /// Size that was asked for its disk; nil for a container, and in records from before there was one.
        package var diskGiB: Int?
        /// Size that its disk has; nil for a container, and where that is not known.
        package var diskSize: DiskSize?
        /// Root that it was made with, where it runs another one now.
        package var originalRoot: String?
        /// Root that it ran before this one; nil for none.
        package var previousRoot: String?
        /// What it says of the images that it boots; nil where it has not said anything.
        package var boot: ObservedBoot?
    }

    /// Facts that its plan has, too.
    package var spec: NodeSpec
    /// Facts beside the spec's.
    package var details: Details

    package init(spec: NodeSpec, details: Details) {
        self.spec = spec
        self.details = details
    }

    /// A node with domain and storage.
    package init(
        _ spec: NodeSpec,
        power: Power,
        phase: NodePhase,
        address: IPv4Address? = nil,
        image: ImageDigests? = nil,
    ) {
        let name = Identity.domainName(cluster: spec.cluster, node: spec.name)
        self.spec = spec
        details = Details(domainName: name, power: power, phase: phase, address: address, image: image)
    }
}

/// Reason why it is not known what a node's storage is: neither that it is there and whole, nor that it is gone.
package enum StorageObstacle: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Its record is there and cannot be read.
    case unreadable(path: String, reason: String)
    /// Its record is there, and its bytes are no record of any version.
    case damaged(path: String, reason: String)
    /// Its container lies in a directory that is not below this home.
    case elsewhere(directory: String, home: String?)
    /// libvirt's storage pool does not show anything of what is in it.
    case poolAway(String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        case .poolAway(let reason): "its disk cannot be seen: \(reason)"
        case .elsewhere(let directory, let home):
            "its storage is \(directory), made with " + (home.map { "SLIPWAY_HOME=\($0)" } ?? "another SLIPWAY_HOME")
        }
    }

    /// Advice, for people.
    package var advice: String {
        switch self {
        case .unreadable(let path, _):
            "put the file back, or give up what the node keeps: with \(path) removed, it is made anew"
        case .damaged: "put the file back, or give up what the node keeps: slipway replace"
        case .poolAway:
            "define and start the pool again, with its directory mounted; where its disks are lost: slipway replace"
        case .elsewhere(_, let home): "run this with " + (home.map { "SLIPWAY_HOME=\($0)" } ?? "that SLIPWAY_HOME")
        }
    }
}

extension StorageObstacle {
    /// True where the node can be made anew by whoever gives up what it keeps.
    var allowsReplacing: Bool {
        switch self {
        case .damaged, .poolAway: true
        case .unreadable, .elsewhere: false
        }
    }
}

extension ObservedNode {
    /// Images that it runs and may go back to.
    package var images: [ImageDigests] {
        guard let image = details.image else { return [] }
        let previous = [details.previousRoot].compactMap(\.self).map { ImageDigests(root: $0, layer: image.layer) }
        return [image] + previous + (details.boot?.images ?? [])
    }

    /// True when the node runs fleetd.
    package var runsFleet: Bool { spec.etcd.runsFleet && details.fleet != .none }
    /// URL of etcd for its clients; nil without an address.
    package var clientURL: String? { details.address.map { EtcdURL.client($0, tls: details.etcdTLS) } }
    /// URL of an etcd member for the others; nil without an address.
    package var peerURL: String? { details.address.map { EtcdURL.peer($0, tls: details.etcdTLS) } }
}

/// A network as libvirt shows it, ours or not.
package struct ObservedNetwork: Sendable, Hashable, Codable {
    /// libvirt's name of the network.
    package var name: String
    /// The cluster it belongs to; nil for a network that is not Slipway's.
    package var cluster: String?
    /// Addresses; nil where the description has none.
    package var cidr: CIDRv4?
    /// Reach beyond the host; nil where it is none of slipway's.
    package var mode: NetworkSettings.Mode?
    /// Name of the bridge on the host.
    package var bridge: String?
    /// True when the network runs.
    package var active: Bool
    /// True when libvirt starts it with the host; nil where that is not known.
    package var autostart: Bool?
    /// Its definition, which its next start follows; nil where libvirt has none.
    package var defined: NetworkShape?
    /// The same of the network as it runs; nil while it does not.
    package var live: NetworkShape?
    /// When its definition was last written, in seconds since 1970; nil where that is not known.
    package var written: Int64?
    /// Domains that run and are not on the network's bridge: it was made anew under them. Nil where that cannot be
    /// seen.
    package var unplugged: [String]?

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

/// Observation by the provider: all clusters of one libvirt connection, and obstacles.
package struct ProviderObservation: Sendable, Hashable, Codable {
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
    /// Paths of what lies among the clusters' directories and is none.
    package var strays: [String] = []
    /// Reason why there can be no containers at this connection; nil where there can.
    package var noContainers: String?
    /// Reason why there can be no virtual machines at this connection; nil where there can.
    package var noMachines: String?
    /// What is wrong with the storage of machines' disks, for people; nil where it is well, or not needed.
    package var poolFault: String?
    /// Snapshots on this host, by cluster and name; nil for none.
    package var snapshots: [SnapshotReference]?
    /// Snapshots that clusters were being put back to when that was cut short; nil for none.
    package var cutRestores: [SnapshotReference]?
    /// The host of virtual machines; nil where there can be none, or it was not asked for.
    package var machineHost: VMHost?

    package init(
        nodes: [ObservedNode] = [],
        networks: [ObservedNetwork] = [],
        foreignDomains: [String] = [],
        hostRoutes: [HostRoute] = [],
        emptyClusterDirectories: [String] = [],
        noContainers: String? = nil,
        noMachines: String? = nil,
        machineHost: VMHost? = nil,
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

    /// Nodes of one cluster.
    package func nodes(of cluster: String) -> [ObservedNode] { nodes.filter { $0.cluster == cluster } }
    /// Names of a cluster's snapshots, sorted.
    package func snapshots(of cluster: String) -> [String] {
        (snapshots ?? []).filter { $0.cluster == cluster }.map(\.name)
    }
    /// The snapshot that a cluster was being put back to when that was cut short; nil where none was.
    package func cutRestore(of cluster: String) -> SnapshotReference? {
        cutRestores?.first { $0.cluster == cluster }
    }
    /// Network of one cluster; nil where there is none.
    package func network(of cluster: String) -> ObservedNetwork? { networks.first { $0.cluster == cluster } }
}

/// Route of the host.
package struct HostRoute: Sendable, Hashable, Codable {
    /// Addresses that it leads to.
    package var destination: CIDRv4
    /// Interface that it leaves by.
    package var interface: String

    package init(destination: CIDRv4, interface: String) {
        self.destination = destination
        self.interface = interface
    }
}

/// fleet as its registry tells it.
package struct ObservedFleet: Sendable, Hashable, Codable {
    /// Unit as fleet has it.
    package struct Unit: Sendable, Hashable, Codable {
        /// Name with suffix.
        package var name: String
        /// SHA-1 of the unit's canonical text, in hexadecimal.
        package var hash: String
        /// State wanted of it.
        package var desiredState: TargetState
        /// The machines on which the unit is, with systemd's active state there.
        package var states: [String: String]
        /// Reason why the unit is placed nowhere; nil when it is placed or not wanted.
        package var reason: String?
        /// The machines on which the unit was started and has ended well by itself.
        package var ended: Set<String>

        package init(
            name: String,
            hash: String,
            desiredState: TargetState,
            states: [String: String],
            reason: String? = nil,
            ended: Set<String> = [],
        ) {
            self.name = name
            self.hash = hash
            self.desiredState = desiredState
            self.states = states
            self.reason = reason
            self.ended = ended
        }

        /// Returns whether the unit runs on the machine, or has done there what it is for.
        package func isWell(on machine: String) -> Bool {
            ended.contains(machine) || ["active", "reloading"].contains(states[machine])
        }
    }

    /// IDs of the machines present.
    package var machines: Set<String>
    /// IDs of those that say that their cloud-config is applied; nil where that was not looked at.
    package var setUp: Set<String>?
    /// Units by name.
    package var units: [String: Unit]
    /// Names of the units that Slipway deployed, as recorded in etcd.
    package var deployed: Set<String>

    /// Observation of fleet's machines and units.
    package init(machines: Set<String>, units: [String: Unit], deployed: Set<String> = []) {
        self.machines = machines
        self.units = units
        self.deployed = deployed
    }
}

/// Observed state of a cluster and its host.
package struct Observation: Sendable, Hashable, Codable {
    /// Nodes and networks.
    package var provider: ProviderObservation
    /// Nil when no member answered.
    package var etcd: ObservedEtcd?
    /// Nil when etcd had no quorum.
    package var fleet: ObservedFleet?
    /// Images present on the host, by digest.
    package var images: Set<ImageDigests>
    /// Digests of roots that are someone else's images, of those that nodes run.
    package var foreignRoots: Set<String> = []

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

extension Observation {
    /// IDs of the etcd clusters that members of `cluster` belong to, as they answer or as is recorded of them: more
    /// than one where there is more than one cluster under one name.
    ///
    /// - Parameter names: members whose records do not count.
    package func etcdClusterIDs(of cluster: String, without names: Set<String> = []) -> Set<String> {
        let members = provider.nodes(of: cluster).filter { $0.etcd == .member && !names.contains($0.name) }
        let recorded = members.compactMap(\.etcdHistory.clusterID)
        return Set(recorded).union(etcd?.clusterIDs ?? [])
    }
}
