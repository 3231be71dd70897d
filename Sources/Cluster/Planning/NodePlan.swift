import Basics
import CloudConfig
import TopologyModel

/// Everything there is to know about a node before it exists. The executor adds nothing to it.
package struct NodePlan: SpecifiedNode {
    /// Facts that the node's record and its observation have, too.
    package var spec: NodeSpec
    /// Accelerator of a virtual machine, never `auto`; nil for a container.
    package var accelerator: Accelerator?
    /// Processors, memory and disk.
    package var resources: Resources
    /// Address in the cluster's network.
    package var address: IPv4Address
    /// Network of the cluster.
    package var network: CIDRv4
    /// Way to reach its fleet; `none` where it runs none.
    package var fleet = FleetReach.tcp
    /// True when it gets a subnet of the containers' network.
    package var runsFlannel = false
    /// fleet's machine metadata.
    package var metadata: [String: String] = [:]
    /// Image that it runs.
    package var image: ImageDigests
    /// Root that the node was made with, where that is another one: its ``NodeSpec/baseDigest`` is of that.
    package var originalRoot: String?
    /// Root that it had before this one, to go back to; nil for none.
    package var previousRoot: String?
    /// Way back that the node itself has from ``image``; nil for none.
    package var trial: ImageTrial?
    /// The cloud-config, byte for byte as the node gets it.
    package var userData: String
    /// Digests of the parts of what ``NodeSpec/configDigest`` is of; nil where nothing is rendered.
    package var configParts: ConfigParts?
    /// True when the node starts with the host.
    package var autostart = true
    /// True when etcd's ports speak TLS only.
    package var etcdTLS = false
    /// Policy for reboots of the node.
    package var reboot = RebootPolicy()
    /// Source from which the node reads its configuration.
    package var configMedium = ConfigMedium.configDrive
    /// Peer URLs of etcd's members, itself among them, that are configured on a member; sorted.
    package var etcdPeers: [String] = []
    /// Record for a member that is created anew.
    package var etcdHistory = EtcdHistory.unknown

    package init(
        _ spec: NodeSpec,
        resources: Resources,
        address: IPv4Address,
        network: CIDRv4,
        image: ImageDigests,
        userData: String,
    ) {
        self.spec = spec
        self.resources = resources
        self.address = address
        self.network = network
        self.image = image
        self.userData = userData
    }

    /// A member that is there and that the topology does not ask for, as it is: for those that wait for it.
    init?(asItIs node: ObservedNode, network: CIDRv4) {
        guard let address = node.address, let image = node.image else { return nil }
        self.init(
            node.spec,
            resources: Resources(),
            address: address,
            network: network,
            image: image,
            userData: "",
        )
        fleet = node.fleet
        etcdTLS = node.etcdTLS
        etcdHistory = node.etcdHistory
        configParts = node.configParts
        autostart = node.autostart ?? true
        originalRoot = node.originalRoot
        previousRoot = node.previousRoot
    }
}

extension NodePlan {
    /// UUID of the domain.
    package var uuid: String { Identity.uuid(cluster: spec.cluster, node: spec.name) }
    /// MAC address.
    package var macAddress: String { Identity.macAddress(cluster: spec.cluster, node: spec.name) }
    /// systemd's machine ID.
    package var machineID: String { Identity.machineID(cluster: spec.cluster, node: spec.name) }
    /// The libvirt network's name.
    package var networkName: String { Identity.networkName(cluster: spec.cluster) }
    /// True when the node runs fleetd.
    package var runsFleet: Bool { fleet != .none }
    /// URL of etcd for its clients.
    package var clientURL: String { EtcdURL.client(address, tls: etcdTLS) }
    /// URL of an etcd member for the others.
    package var peerURL: String { EtcdURL.peer(address, tls: etcdTLS) }
}

extension NodePlan {
    static let restoreDropInName = "40-restore.conf"
    /// File of a member that is made from a backup: etcd does not start before it has its data.
    package static let restoreDropIn = "/etc/systemd/system/etcd2.service.d/\(restoreDropInName)"
}

/// The image a node runs: a Debian root, and the project's node programs as a layer on it.
package struct ImageDigests: Sendable, Hashable, Codable {
    /// SHA-256 of the root's recipe, in hexadecimal.
    package var root: String
    /// SHA-256 of the layer's files, in hexadecimal.
    package var layer: String

    package init(root: String, layer: String) {
        self.root = root
        self.layer = layer
    }
}

/// A node's own way back from an image on which it is not well.
package struct ImageTrial: Sendable, Hashable {
    /// Image that it goes back to.
    package var fallback: ImageDigests
    /// Digest of the configuration that belongs to that.
    package var fallbackConfig: String
    /// Root that it had before that one.
    package var fallbackPrevious: String?
    /// Time from a boot until it has to be well.
    package var within: Duration

    /// The way back to a node as it is.
    package init(fallback: NodePlan, within: Duration) {
        self.fallback = fallback.image
        fallbackConfig = fallback.configDigest
        fallbackPrevious = fallback.previousRoot
        self.within = within
    }
}

/// Source from which a node reads its configuration.
package enum ConfigMedium: Sendable, Hashable {
    /// CoreOS's way: a file system labelled `config-2` with the cloud-config as `openstack/latest/user_data`.
    case configDrive
    /// Canonical's cloud-init: a file system labelled `cidata` with these files beside the config drive's own, for the
    /// node programs that cloud-init installs.
    case noCloud(files: [String: String])
    /// Ignition's configuration, under this name of QEMU's firmware configuration (fw_cfg).
    case ignition(name: String, text: String)
}

extension ConfigMedium {
    /// File on a node with a foreign image that names the node programs installed on it; other nodes have no such file.
    package static let installedLayer = "/usr/lib/slipway/.layer"

    /// True when the node runs Slipway's own programs.
    package var bringsNodePrograms: Bool {
        if case .ignition = self { false } else { true }
    }
}

/// The cluster's libvirt network.
package struct NetworkPlan: Sendable, Hashable {
    /// Name of the cluster.
    package var cluster: String
    /// libvirt's name of the network.
    package var name: String
    /// UUID of the network.
    package var uuid: String
    /// Name of the bridge on the host.
    package var bridge: String
    /// MAC address of the bridge.
    package var macAddress: String
    /// Addresses of the network.
    package var cidr: CIDRv4
    /// Reach beyond the host.
    package var mode: NetworkSettings.Mode

    /// Creates the plan of a cluster's network; names and IDs follow from the cluster's name.
    package init(cluster: String, cidr: CIDRv4, mode: NetworkSettings.Mode) {
        self.cluster = cluster
        self.name = Identity.networkName(cluster: cluster)
        self.uuid = Identity.networkUUID(cluster: cluster)
        self.bridge = Identity.bridgeName(cluster: cluster)
        self.macAddress = Identity.bridgeMACAddress(cluster: cluster)
        self.cidr = cidr
        self.mode = mode
    }
}
