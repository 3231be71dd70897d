import Basics
import CloudConfig
import Diagnostics
import UnitFiles

/// A cluster as its file describes it, checked and with all defaults filled in.
package struct Topology: Sendable, Hashable {
    /// The cluster's name; it follows ``NameRule``.
    package var name: String
    /// Network of the nodes.
    package var network: NetworkSettings
    /// Settings of etcd.
    package var etcd: EtcdSettings
    /// Settings of fleet.
    package var fleet: FleetSettings
    /// Settings of Docker.
    package var docker: DockerSettings
    /// One network for the containers of all nodes; nil where each node's Docker has its own.
    package var flannel: FlannelSettings?
    /// Public keys that may log in as `core`, beside Slipway's own.
    package var sshAuthorizedKeys: [String]
    /// In the file's order; names are unique, and at least one role has a member.
    package var roles: [Role]
    /// Cloud-config of every node, beyond what Slipway generates.
    package var cloudConfig: CloudConfig
    /// In the file's order.
    package var units: [UnitDeployment]
    /// True when the nodes start with the host.
    package var autostart: Bool
    /// Root of the nodes that are containers.
    package var root: RootChoice
    /// What `up` does with nodes that are lost for good.
    package var repair: RepairPolicy

    package init(
        name: String,
        network: NetworkSettings,
        etcd: EtcdSettings = EtcdSettings(),
        fleet: FleetSettings = FleetSettings(),
        docker: DockerSettings = DockerSettings(),
        flannel: FlannelSettings? = nil,
        sshAuthorizedKeys: [String] = [],
        roles: [Role],
        cloudConfig: CloudConfig = CloudConfig(),
        units: [UnitDeployment] = [],
        autostart: Bool = true,
        root: RootChoice = .kept,
        repair: RepairPolicy = .propose,
    ) {
        self.name = name
        self.network = network
        self.etcd = etcd
        self.fleet = fleet
        self.docker = docker
        self.flannel = flannel
        self.sshAuthorizedKeys = sshAuthorizedKeys
        self.roles = roles
        self.cloudConfig = cloudConfig
        self.units = units
        self.autostart = autostart
        self.root = root
        self.repair = repair
    }
}

extension Topology {
    /// Number of etcd members that the file asks for.
    package var memberCount: Int { roles.filter { $0.etcd == .member }.reduce(0) { $0 + $1.count } }
    /// Number of nodes of all roles.
    package var nodeCount: Int { roles.reduce(0) { $0 + $1.count } }
    /// Role of that name; nil where there is none.
    package func role(named name: String) -> Role? { roles.first { $0.name == name } }
}

/// What happens to nodes that are lost for good.
package enum RepairPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// They are named, with the command that makes them anew.
    case propose
    /// They are made anew, one at a time.
    case automatic
}

/// The cluster's own network.
package struct NetworkSettings: Sendable, Hashable {
    /// Reach of the network beyond the host.
    package enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        /// Nodes reach what the host reaches, by address translation.
        case nat
        /// Nodes reach each other and the host, nothing else.
        case isolated
    }

    /// Network of the nodes' addresses.
    package var cidr: CIDRv4
    /// Reach of the network beyond the host.
    package var mode: Mode
    /// True when the names of nodes and units resolve on nodes and in their containers.
    package var names: Bool
    /// Location of the network in the file; nil for the default.
    package var location: SourceLocation?
    /// Location at which the file says whether names resolve; nil for the default.
    package var namesLocation: SourceLocation?

    package init(
        cidr: CIDRv4,
        mode: Mode = .nat,
        names: Bool = false,
        location: SourceLocation? = nil,
        namesLocation: SourceLocation? = nil,
    ) {
        self.cidr = cidr
        self.mode = mode
        self.names = names
        self.location = location
        self.namesLocation = namesLocation
    }
}

/// Settings of etcd in a topology.
package struct EtcdSettings: Sendable, Hashable {
    /// Way in which the first members find each other.
    package enum Bootstrap: String, Sendable, Hashable, Codable, CaseIterable {
        /// Every member knows every other from its cloud-config.
        case `static`
        /// Members find each other under a token of a discovery service.
        case discovery
    }

    /// Way in which the first members find each other.
    package var bootstrap: Bootstrap
    /// The token's URL at a discovery service of the user's; nil where Slipway serves discovery itself.
    package var discovery: String?
    /// True when etcd's ports speak TLS only, to those with a certificate of the cluster only.
    package var tls: Bool
    /// Location of the setting in the file; nil for the default.
    package var tlsLocation: SourceLocation?

    package init(
        bootstrap: Bootstrap = .static,
        discovery: String? = nil,
        tls: Bool = false,
        tlsLocation: SourceLocation? = nil,
    ) {
        self.bootstrap = bootstrap
        self.discovery = discovery
        self.tls = tls
        self.tlsLocation = tlsLocation
    }
}

/// Settings of fleet in a topology.
package struct FleetSettings: Sendable, Hashable {
    /// Time that a silent machine still counts as present, in seconds; afterwards its units move.
    package var machineTTLSeconds: Int
    /// True when nodes without `etcd: none` run fleet.
    package var enabled: Bool
    /// True when fleet's API also listens on TCP 49153 of the cluster network; otherwise it is reached by ssh.
    package var tcp: Bool
    /// True when it may do so without TLS, for whoever reaches the port.
    package var insecure: Bool
    /// Location at which the file asks for TCP; nil where it does not.
    package var tcpLocation: SourceLocation?

    package init(
        machineTTLSeconds: Int = 5,
        enabled: Bool = true,
        tcp: Bool = false,
        insecure: Bool = false,
        tcpLocation: SourceLocation? = nil,
    ) {
        self.machineTTLSeconds = machineTTLSeconds
        self.enabled = enabled
        self.tcp = tcp
        self.insecure = insecure
        self.tcpLocation = tcpLocation
    }
}

/// Way to reach a node's fleet.
package enum FleetReach: String, Sendable, Hashable, Codable {
    /// The node runs no fleet.
    case none
    /// By its socket, from the node itself or through ssh.
    case socket
    /// By its socket and by TCP.
    case tcp
}

/// Settings of Docker in a topology.
package struct DockerSettings: Sendable, Hashable {
    /// True when Docker listens on TCP 2375 of the cluster network, for a docker client on the host.
    package var tcp: Bool
    /// True when it listens on TCP 2376 instead, for docker clients with a certificate of the cluster.
    package var tls: Bool
    /// True when it may listen on TCP without TLS, for whoever reaches the port.
    package var insecure: Bool
    /// Location at which the file asks for TCP; nil where it does not.
    package var tcpLocation: SourceLocation?
    /// Mirrors of Docker Hub, tried in order, as URLs.
    package var registryMirrors: [String]
    /// Registries spoken to without TLS, as host or host:port.
    package var insecureRegistries: [String]

    package init(
        tcp: Bool = false,
        tls: Bool = false,
        insecure: Bool = false,
        tcpLocation: SourceLocation? = nil,
        registryMirrors: [String] = [],
        insecureRegistries: [String] = [],
    ) {
        self.tcp = tcp
        self.tls = tls
        self.insecure = insecure
        self.tcpLocation = tcpLocation
        self.registryMirrors = registryMirrors
        self.insecureRegistries = insecureRegistries
    }
}
