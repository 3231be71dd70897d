import Basics
import CloudConfig
import Rendering
import TopologyModel

/// Configuration of a node: its cloud-config, and all that follows from it.
struct NodeConfiguration {
    let topology: Topology
    var inputs: PlannerInputs
    let node: PlacedNode
    /// The host of virtual machines, where there is one.
    var machineHost: VMHost?
    /// Digests of roots that are images from elsewhere.
    var foreignRoots: Set<String> = []
    /// The URL under which the first members find each other; nil where their URLs are configured.
    var discovery: String?
    /// The node's own keys and certificates; empty where nothing is rendered.
    var secrets = NodeSecrets()

    /// The node's whole plan.
    ///
    /// - Parameters:
    ///   - peers: the etcd members configured on the node, itself among them where it is one.
    ///   - state: whether a member comes up together with the others or joins them.
    func plan(peers: [EtcdPeer], state: EtcdPeer.ClusterState, generation: Int) -> NodePlan {
        let config = isRendered ? cloudConfig(peers: peers, state: state) : CloudConfig()
        let spec = NodeSpec(
            cluster: topology.name,
            name: node.name,
            role: node.role.name,
            index: node.index,
            runtime: node.role.runtime,
            etcd: node.role.etcd,
            baseDigest: baseDigest,
            configDigest: configDigest,
            generation: generation,
            certificates: topology.usesCertificates ? inputs.certificates.generation : nil,
        )
        var plan = NodePlan(
            spec,
            resources: node.role.resources,
            address: node.address,
            network: topology.network.cidr,
            image: image,
            userData: isRendered ? text(config) : "",
        )
        plan.originalRoot = originalRoot == image.root ? nil : originalRoot
        plan.previousRoot = previousRoot
        plan.accelerator = accelerator
        plan.fleet = fleetReach
        plan.runsFlannel = runsFlannel
        plan.metadata = node.role.metadata
        plan.configParts = configParts
        plan.autostart = topology.autostart
        plan.etcdTLS = topology.etcd.tls
        plan.reboot = config.coreos.rebootPolicy
        plan.configMedium = configMedium(config)
        plan.etcdPeers = node.isMember ? peers.map(\.peerURL).sorted() : []
        plan.etcdHistory = history(peers: peers, state: state)
        return plan
    }

    /// True when the node's cloud-config is made.
    var isRendered: Bool {
        switch inputs.rendering {
        case .all: true
        case .existing: node.observed != nil
        case .none: false
        }
    }

    private var isMachine: Bool { node.role.runtime == .vm }
    /// True when Ignition sets it up, once.
    var isIgnited: Bool { node.role.image.map { $0.kind != .cloudInit } ?? false }
    var image: ImageDigests {
        let newest = isMachine ? inputs.machineImage : inputs.image
        // The planner has refused a topology with an image that is not known.
        if isMachine, let foreign = node.role.image.flatMap({ inputs.foreignImages[$0] }) {
            return ImageDigests(root: foreign, layer: newest.layer)
        }
        guard !isMachine else {
            let isNewest = node.observed?.image?.root == newest.root
            return ImageDigests(root: isNewest ? newest.root : present?.root ?? newest.root, layer: newest.layer)
        }
        if present != nil, let chosen = inputs.chosenImages[node.name] { return chosen.image }
        let root = inputs.wantedRoot ?? present?.root ?? inputs.newRoot ?? newest.root
        let wanted = ImageDigests(root: root, layer: newest.layer)
        guard let present, let retreat = node.observed?.boot?.retreat?.image else { return wanted }
        // What it has left by itself it is given only by who asks for that.
        if retreat == wanted { return present }
        return retreat.root == root && present.root != root
            ? ImageDigests(root: present.root, layer: newest.layer) : wanted
    }

    /// Image of a node that exists and is not made anew: a newer root is no reason for that.
    private var present: ImageDigests? {
        guard let observed = node.observed, observed.hasStorage, observed.phase != .leaving,
            !inputs.replaced.contains(node.name),
            let image = observed.image, !foreignRoots.contains(image.root),
            observed.baseDigest == baseDigest(root: observed.originalRoot ?? image.root)
        else { return nil }
        return image
    }

    /// Root that the node was or is made with.
    private var originalRoot: String {
        guard !isMachine, present != nil, let observed = node.observed else { return image.root }
        return observed.originalRoot ?? observed.image?.root ?? image.root
    }

    /// Root to which the node may go back.
    private var previousRoot: String? {
        guard !isMachine, let present, let observed = node.observed else { return nil }
        if let chosen = inputs.chosenImages[node.name] { return chosen.previousRoot }
        return present.root == image.root ? observed.previousRoot : present.root
    }

    private func history(peers: [EtcdPeer], state: EtcdPeer.ClusterState) -> EtcdHistory {
        guard node.isMember else { return .unknown }
        return state == .new ? .forming(EtcdPeer.formation(peers)) : .never
    }
    var accelerator: Accelerator? {
        isMachine ? node.role.accelerator.resolved(on: machineHost) : nil
    }

    // MARK: Digests

    /// The cloud-config as the topology has it. What this host's environment adds is no reason to change a node: it
    /// would be one in every other shell.
    private var declaredText: String {
        var declared = self
        declared.inputs.registryMirrors = []
        declared.inputs.restore = nil
        return text(declared.cloudConfig(peers: [], state: .new))
    }

    /// Changes with what a node cannot change while it lives.
    private var baseDigest: String { baseDigest(root: originalRoot) }

    private func baseDigest(root: String) -> String {
        var parts = [
            node.role.runtime.rawValue, root, "\(node.address)", "\(topology.network.cidr)",
            node.role.etcd.rawValue, Identity.uuid(cluster: topology.name, node: node.name),
        ]
        // Ignition reads its configuration before the first boot and never again.
        if isIgnited { parts.append(sha256Hex(declaredText)) }
        return sha256Hex(parts.joined(separator: "\n"))
    }

    /// Changes with what a restart brings to a node. Who etcd's members are is left out: members know it from their own
    /// data, proxies follow it by asking, and fleetd needs the others only when the node's own fails.
    private var configDigest: String {
        let resources = node.role.resources
        var parts = [
            isRendered ? declaredText : "", "\(resources.cpus)", "\(resources.memoryMiB)",
        ]
        // A node that Ignition sets up has none of the node programs.
        if !isIgnited { parts.append(image.layer) }
        if let accelerator { parts += [accelerator.rawValue, "\(resources.diskGiB)"] }
        if let image = node.role.image { parts.append(image.kind.rawValue) }
        if node.role.image?.kind == .cloudInit { parts.append(NoCloudVolume.version) }
        return sha256Hex(parts.joined(separator: "\n"))
    }

    // MARK: cloud-config

    private func text(_ config: CloudConfig) -> String {
        CloudConfigRenderer(comment: ["Node \(node.name) of cluster \(topology.name), as planned by slipway."])
            .render(config)
    }

    /// Slipway's own part, then the topology's, then the role's.
    private func cloudConfig(peers: [EtcdPeer], state: EtcdPeer.ClusterState) -> CloudConfig {
        var config = CloudConfig(
            hostname: node.name,
            sshAuthorizedKeys: inputs.authorizedKeys + topology.sshAuthorizedKeys + [inputs.clusterKey.publicKey],
            writeFiles: files,
            coreos: CoreOS(
                etcd2: etcd2(peers: peers, state: state).merging(etcdTLS),
                flannel: runsFlannel ? flannel(peers: peers) : [:],
                fleet: runsFleet ? fleet(peers: peers).merging(fleetTLS) : [:],
                update: [.rebootStrategy: "off"],
                units: units,
            ),
        )
        .merging(topology.cloudConfig)
        .merging(node.role.cloudConfig)
        if inputs.restore != nil, node.isMember {
            let directory = config.coreos.etcd2[.dataDir].map(\.description) ?? "/var/lib/etcd2"
            let dropIn = CloudConfig.DropIn(
                name: NodePlan.restoreDropInName,
                content: """
                    # Its keys come from a backup; without them it would begin a cluster that has none.
                    [Unit]
                    ConditionPathIsDirectory=\(directory)/member

                    """,
            )
            let unit = CloudConfig.Unit(name: "etcd2.service", dropIns: [dropIn])
            config = config.merging(CloudConfig(coreos: CoreOS(units: [unit])))
        }
        if config.coreos.rebootPolicy.strategy != .off {
            config.coreos.locksmith = locksmithTLS.merging(config.coreos.locksmith)
        }
        if startsFlannel(config) { config.coreos.flannel = flannelTLS.merging(config.coreos.flannel) }
        return config
    }

    var runsFleet: Bool { fleetReach != .none }

    // MARK: Images from elsewhere

    /// The node's whole description in the format of its image, and findings about what that cannot express.
    func rendered(_ config: CloudConfig, as format: NodeFormat) -> RenderedNode {
        NodeDescription(
            config: config,
            instanceID: "\(Identity.domainName(cluster: topology.name, node: node.name))-\(configDigest.prefix(12))",
            addresses: NodeDescription.Addresses(publicIPv4: "\(node.address)", privateIPv4: "\(node.address)"),
        )
        .rendered(as: format)
    }

    /// Settings that the image of this role ignores or cannot express.
    var imageFindings: [Finding] {
        guard inputs.rendering != .none, let kind = node.role.image?.kind, isIgnited else { return [] }
        let config = cloudConfig(peers: [], state: .new)
        return rendered(config, as: kind == .flatcar ? .ignitionFlatcar : .ignitionFedora).findings
    }

    private func configMedium(_ config: CloudConfig) -> ConfigMedium {
        switch node.role.image?.kind {
        case nil: return .configDrive
        case .cloudInit:
            let volume = NoCloudVolume(
                node: node,
                cluster: topology.name,
                config: config,
                network: networkUnit,
                layer: image.layer,
            )
            let files = rendered(volume.cloudConfig, as: .cloudInit).files
            return .noCloud(files: Dictionary(files.map { ($0.name, $0.text) }) { $1 })
        case .flatcar:
            let text = rendered(config, as: .ignitionFlatcar).files.first?.text ?? ""
            return .ignition(name: "opt/org.flatcar-linux/config", text: text)
        case .fedoraCoreOS:
            let text = rendered(config, as: .ignitionFedora).files.first?.text ?? ""
            return .ignition(name: "opt/com.coreos/config", text: text)
        }
    }

    private var fleetReach: FleetReach {
        guard node.role.runsFleet, topology.fleet.enabled else { return .none }
        // fleetd is a node program, which such a node does not have.
        if isIgnited { return .none }
        return topology.fleet.tcp ? .tcp : .socket
    }

    private var files: [CloudConfig.File] {
        [
            .init(path: "/etc/ssh/ssh_host_ed25519_key", content: secrets.hostKey.privateKey, permissions: "0600"),
            .init(
                path: "/etc/ssh/ssh_host_ed25519_key.pub",
                content: secrets.hostKey.publicKey + "\n",
                permissions: "0644"
            ),
            .init(
                path: "/home/core/.ssh/id_ed25519",
                content: inputs.clusterKey.privateKey,
                owner: "core:core",
                permissions: "0600",
            ),
            .init(
                path: "/etc/hosts",
                content: "127.0.0.1 localhost\n127.0.1.1 \(node.name)\n::1 localhost ip6-localhost\n",
                permissions: "0644",
            ),
            .init(
                path: "/etc/resolv.conf",
                content: "nameserver \(topology.network.cidr.gateway)\n",
                permissions: "0644",
            ),
        ] + tlsFiles
    }

    // MARK: etcd

    private func etcd2(peers: [EtcdPeer], state: EtcdPeer.ClusterState) -> Settings<Etcd2Key> {
        let cluster = peers.map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",")
        let clients = "\(scheme)://0.0.0.0:2379,\(scheme)://0.0.0.0:4001"
        let advertised = EtcdURL.client(node.address, tls: topology.etcd.tls)
        switch node.role.etcd {
        case .none:
            return [:]
        case .proxy, .readonly:
            return [
                .proxy: node.role.etcd == .proxy ? "on" : "readonly",
                .listenClientURLs: "\(clients)",
                .advertiseClientURLs: "\(advertised)",
                .initialCluster: "\(cluster)",
            ]
        case .member:
            let own: Settings<Etcd2Key> = [
                .name: "\(node.name)",
                .dataDir: "/var/lib/etcd2",
                .listenClientURLs: "\(clients)",
                .advertiseClientURLs: "\(advertised)",
                .listenPeerURLs: "\(node.peerURL)",
                .initialAdvertisePeerURLs: "\(node.peerURL)",
            ]
            return own.merging(meeting(cluster: cluster, isFirst: state == .new && !peers.isEmpty, state))
        }
    }

    /// Initial cluster of a member, or the URL by which it finds the others. A member that joins a running cluster is
    /// given its members: discovery is for the first start, and the digest must not change with the token.
    private func meeting(cluster: String, isFirst: Bool, _ state: EtcdPeer.ClusterState) -> Settings<Etcd2Key> {
        if isFirst, let discovery { return [.discovery: "\(discovery)", .discoveryFallback: "exit"] }
        return [
            .initialCluster: "\(cluster)",
            .initialClusterState: "\(state.rawValue)",
            .initialClusterToken: "\(topology.name)",
        ]
    }

    // MARK: fleet

    /// A member's fleetd asks its own etcd and, when that fails, the others: a machine is not lost with its etcd while
    /// the cluster has a majority. A proxy knows the others itself.
    func etcdServers(_ peers: [EtcdPeer]) -> String {
        guard node.role.etcd == .member else { return "\(scheme)://127.0.0.1:2379,\(scheme)://127.0.0.1:4001" }
        let others = peers.filter { $0.peerURL != node.peerURL }.map(\.clientURL)
        return (["\(scheme)://127.0.0.1:2379"] + others).joined(separator: ",")
    }

    private func fleet(peers: [EtcdPeer]) -> Settings<FleetKey> {
        var settings: Settings<FleetKey> = [
            .agentTTL: "\(topology.fleet.machineTTLSeconds)s",
            .etcdServers: "\(etcdServers(peers))",
            .publicIP: "\(node.address)",
        ]
        if !node.role.metadata.isEmpty {
            let pairs = node.role.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            settings[.metadata] = "\(pairs.joined(separator: ","))"
        }
        return settings
    }

    // MARK: Units

    private var units: [CloudConfig.Unit] {
        var units = [CloudConfig.Unit(name: "10-cluster.network", content: networkUnit)] + namesUnits
        if node.role.etcd != .none {
            units.append(.init(name: "etcd2.service", command: .start))
        }
        if runsFleet {
            let content = "[Socket]\nListenStream=\(node.address):49153\nFreeBind=true\n"
            let tcp = CloudConfig.DropIn(name: "30-tcp.conf", content: content)
            let socketDropIns = fleetReach == .tcp ? [tcp] : []
            units.append(.init(name: "fleet.socket", command: .start, dropIns: socketDropIns))
            let dropIns = fleetAPIDropIns + fleetNamesDropIns
            units.append(.init(name: "fleet.service", command: .start, dropIns: dropIns))
        }
        units += flannelUnits
        let dockerDropIns = dockerDropIns
        if !dockerDropIns.isEmpty { units.append(.init(name: "docker.service", dropIns: dockerDropIns)) }
        if topology.docker.tcp || topology.docker.tls {
            units.append(.init(name: "docker-tcp.socket", enable: true, content: dockerSocket, command: .start))
        }
        return units
    }

    /// Matched by hardware address, since interfaces are called differently in containers and virtual machines.
    private var networkUnit: String {
        let cidr = topology.network.cidr
        let route = topology.network.mode == .nat ? "Gateway=\(cidr.gateway)\n" : ""
        return """
            [Match]
            MACAddress=\(Identity.macAddress(cluster: topology.name, node: node.name))

            [Network]
            Address=\(node.address)/\(cidr.prefix)
            \(route)DNS=\(cidr.gateway)
            LinkLocalAddressing=no
            IPv6AcceptRA=no

            """
    }
}
