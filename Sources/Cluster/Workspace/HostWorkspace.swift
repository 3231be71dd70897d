import Basics
import Discovery
import Etcd
import FoundationEssentials
import Images
import LibvirtProvider
import Logging
import Planning
import Provisioning
import SecureShell
import SystemPackage
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

/// This host's libvirt, images, keys and locks, and what is done with a cluster by them: observe, plan, carry out.
package struct HostWorkspace: Sendable {
    /// Nodes and networks of one libvirt connection.
    package let provider: any ClusterProvider
    /// Leases of clusters, shared by all commands that use the same libvirt.
    let leases: any LeaseStore
    /// Images of this host.
    package let images: StoredImages
    var secret: HostSecret
    /// Slipway's own directory.
    package let home: FilePath
    /// URI of libvirt.
    package let uri: String
    /// Jump host of ssh, where libvirt is on another host.
    package let jump: SSHJump?
    /// The connection to that host, for commands that speak with nodes by themselves.
    let gateway: SSHGateway?
    /// Of a test; nil for this host's libvirt and its clusters.
    let substitutes: WorkspaceSubstitutes?

    /// Substitutes for every workspace that is opened by the current task; nil but in tests.
    @TaskLocal package static var substitutes: WorkspaceSubstitutes?

    /// True when libvirt runs on another host: its URI then names that host.
    package var isRemote: Bool { !uri.contains(":///") }

    /// Name of the host on which libvirt runs.
    package var hostName: String {
        if let jump { return jump.host }
        guard isRemote, let begin = uri.firstRange(of: "://")?.upperBound else {
            return ProcessInfo.processInfo.hostName
        }
        let authority = uri[begin...].prefix { $0 != "/" && $0 != "?" }
        let host = authority.split(separator: "@").last ?? authority
        return String(host.prefix { $0 != ":" })
    }

    /// Silent, unless SLIPWAY_DEBUG asks to hear of every call on standard error.
    package static var logger: Logger {
        guard ProcessInfo.processInfo.environment["SLIPWAY_DEBUG"] != nil else {
            return Logger(label: "slipway") { _ in SwiftLogNoOpLogHandler() }
        }
        var logger = Logger(label: "slipway") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        return logger
    }

    /// Directory of this user's locks and sockets; a socket's path has to be short.
    static func runtimeDirectory(
        user: uid_t = geteuid(),
        environment: [String: String] = ProcessInfo.processInfo.environment,
        home: FilePath,
    ) -> FilePath {
        guard user != 0 else { return "/run/slipway" }
        let own = [environment["XDG_RUNTIME_DIR"], environment["HOME"].map { "\($0)/.cache" }].compactMap(\.self)
        return (own.first { $0.hasPrefix("/") }.map { FilePath($0) } ?? home).appending("slipway")
    }

    /// Opens libvirt.
    ///
    /// - Parameter reachesNodes: whether the command speaks with nodes otherwise than by running ssh.
    /// - Throws: what is missing, with the command that says more.
    package static func open(_ uri: String, reachesNodes: Bool = false) async throws -> HostWorkspace {
        if let substitutes { return try HostWorkspace(substitutes, uri: uri) }
        let home = try SlipwayHome.prepared()
        let jump = SSHJump(libvirtURI: uri)
        var gateway: SSHGateway?
        if let jump, reachesNodes {
            do {
                let sockets = runtimeDirectory(home: home).appending("ssh")
                gateway = try await SSHGateway.open(jump, directory: sockets)
            } catch let error as SSHError {
                throw UserError("cannot connect to libvirt at \(uri): \(error)")
            }
        }
        let provider = LibvirtProvider(uri: uri, home: home.string, logger: logger)
        return HostWorkspace(
            provider: provider,
            leases: provider,
            images: try StoredImages(home: home),
            secret: try HostSecret(directory: home.appending("keys")),
            home: home,
            uri: uri,
            jump: jump,
            gateway: gateway,
            substitutes: nil,
        )
    }

    /// Looks at libvirt, without a key or directory that a workspace needs.
    ///
    /// - Returns: what is there, the runtimes that libvirt has a driver for, and its version, as
    ///   `major * 1_000_000 + minor * 1_000 + release`.
    package static func libvirt(
        at uri: String
    ) async throws -> (observed: ProviderObservation, drivers: [Runtime], version: UInt) {
        let provider = LibvirtProvider(uri: uri, home: try SlipwayHome.path().string, logger: logger)
        let seen = try await provider.observe()
        let drivers = try await provider.presentRuntimes()
        let version = try await provider.version()
        await provider.close()
        return (seen, drivers, version)
    }

    /// URI of the hypervisor that a node runs on, for libvirt's own programs.
    package func uri(of node: ObservedNode) -> String { ConnectionURIs(uri).uri(for: node.runtime) ?? uri }

    /// The certificates of a cluster, as of now.
    package func certificates(of cluster: String) -> ClusterCertificates {
        ClusterCertificates(secret: secret, cluster: cluster, now: Int64(Date().timeIntervalSince1970))
    }

    /// Files of `slipway env`, by which this host's programs authenticate to the cluster.
    package func clientFiles(of cluster: ClusterName) -> ClientFiles {
        ClientFiles(directory: home.appending("certificates").appending(cluster.description))
    }

    /// Returns clients for etcd, fleet and the reboot lock of a cluster.
    ///
    /// - Parameter certificates: those that its nodes have, or are being given.
    func clients(of cluster: String, certificates: [CertificateGeneration]) throws -> any ClusterClients {
        if let substitutes { return substitutes.clusters }
        let number = certificates.map(\.number).max()
        let tls = try number.map { try self.certificates(of: cluster).etcdTLS($0) }
        return LiveClusterClients(tls: tls, proxyPort: gateway?.port)
    }

    /// Returns the observer of a cluster.
    package func observer(of cluster: String) -> ClusterObserver {
        ClusterObserver(provider: provider, images: imageSource) { nodes in
            try Rights(uri: uri).check(nodes)
            return try clients(of: cluster, certificates: nodes.compactMap(\.certificates))
        }
    }

    /// - Parameter certificates: those that the cluster's nodes have, or are being given.
    package func executor(
        cluster: ClusterName,
        certificates: [CertificateGeneration],
        limits: Executor.Limits = Executor.Limits(),
        boots: BootBound? = nil,
        check: @escaping @Sendable () async throws -> Void = {},
        emit: @escaping EventSink,
    ) throws -> Executor {
        let keys = HostKeys(secret: secret, cluster: cluster.description)
        let shell = SecureNodeShell(client: try sshClient(cluster: cluster)) { try keys.pair(of: $0).publicKey }
        return Executor(
            provider: provider,
            images: imageSource,
            shell: substitutes?.shell ?? shell,
            clusters: try clients(of: cluster.description, certificates: certificates),
            limits: limits,
            boots: boots,
            load: { [isRemote] in isRemote ? nil : Self.load },
            reaches: reach,
            check: check,
            emit: emit,
        )
    }

    // MARK: ssh

    /// Returns whether something on a node takes TCP connections on a port, now.
    package func answers(_ address: IPv4Address, port: UInt16) async -> Bool {
        await Reachability.answers("\(address)", port: port, through: gateway?.port)
    }

    /// - Parameter outlives: whether ssh goes on when this process is no more, and its connection to libvirt's host.
    package func sshClient(cluster: ClusterName, outlives: Bool = false) throws -> SSHClient {
        SSHClient(
            identityFile: try secret.ownKeyFile(),
            knownHostsFile: knownHosts(of: cluster),
            proxyCommand: jump?.proxyCommand(controlPath: outlives ? nil : gateway?.controlPath),
        )
    }

    private func knownHosts(of cluster: ClusterName) -> FilePath {
        home.appending("known_hosts").appending(cluster.description)
    }

    /// The nodes of a cluster as ssh must know them, with their host keys on file.
    package func sshTargets(cluster: ClusterName, nodes: [ObservedNode]) throws -> [SSHTarget] {
        try Rights(uri: uri).check(nodes)
        return try sshTargets(cluster, addresses: nodes.compactMap { node in node.address.map { (node.name, $0) } })
    }

    /// The nodes of a plan, and those that are there and leave by it: they are asked to by ssh.
    @discardableResult
    package func sshTargets(_ plan: Plan, observed: [ObservedNode]) throws -> [SSHTarget] {
        let planned = plan.nodes.map { ($0.name, $0.address) }
        let names = Set(planned.map(\.0))
        let leaving = observed.filter { $0.cluster == plan.cluster && !names.contains($0.name) }
        let present = leaving.compactMap { node in node.address.map { (node.name, $0) } }
        return try sshTargets(ClusterName(plan.cluster), addresses: planned + present)
    }

    private func sshTargets(
        _ cluster: ClusterName,
        addresses: [(node: String, address: IPv4Address)],
    ) throws -> [SSHTarget] {
        let keys = HostKeys(secret: secret, cluster: cluster.description)
        let targets = try addresses.map {
            SSHTarget(node: $0.node, address: $0.address, hostKey: try keys.pair(of: $0.node).publicKey)
        }
        try sshClient(cluster: cluster).writeKnownHosts(targets)
        return targets
    }

    /// The token under which a cluster's first members meet.
    package func discovery(of cluster: ClusterName) -> ClusterDiscovery {
        ClusterDiscovery(directory: home.appending("discovery"), cluster: cluster)
    }

    /// Forgets what this host keeps for those who speak with a cluster that is no more.
    package func forget(_ cluster: ClusterName) throws {
        let name = cluster.description
        try OwnedDirectory(home.appending("known_hosts").string).remove([name])
        try OwnedDirectory(home.appending("known_hosts").string).remove(["\(name).ssh-config"])
        try OwnedDirectory(home.appending("certificates").string).remove([name])
        try discovery(of: cluster).remove()
        try OwnedDirectory(home.appending("chaos").string).remove(["\(name).json"])
        try secret.forgetAdopted(of: name)
    }
}

extension HostWorkspace {
    private init(_ substitutes: WorkspaceSubstitutes, uri: String) throws {
        try SlipwayHome.protect(substitutes.home)
        self.init(
            provider: substitutes.provider,
            leases: substitutes.leases,
            images: try StoredImages(home: substitutes.home),
            secret: try HostSecret(directory: substitutes.home.appending("keys")),
            home: substitutes.home,
            uri: uri,
            jump: nil,
            gateway: nil,
            substitutes: substitutes,
        )
    }

    /// Images, as carrying plans out wants them.
    var imageSource: any ImageSource { substitutes?.images ?? images }

    /// Returns whether something on a node takes connections.
    var reach: Executor.Reach {
        if let substitutes { return substitutes.reaches }
        return { await answers($0, port: $1) }
    }
}
