import ArgumentParser
import Basics
import FoundationEssentials
import Planning
import Provisioning
import SecureShell
import SystemPackage
import TopologyModel
import Workspace

struct ClusterEnv: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print exports with which docker, fleetctl and etcdctl on this host speak to the cluster.",
        discussion: #"""
              eval "$(slipway env dev-test)"

            Of a cluster on a host that libvirt is reached at by ssh, only fleetctl's settings are printed: it tunnels through ssh;
            docker and etcdctl are on the nodes: slipway exec dev-test NODE -- docker ps

            --prometheus prints instead how Prometheus finds the figures of etcd's members, of fleetd where `fleet.tcp`
            opens its API, and of the dashboard (a comment where none listens on 127.0.0.1:8090):
            slipway env dev-test --prometheus > prometheus.yml
            """#,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Flag(help: "Print a scrape configuration for Prometheus.")
    var prometheus = false
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard !prometheus || !output.json else { throw ValidationError("--prometheus prints YAML, not JSON") }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let nodes = try await workspace.provider.observe().nodes(of: name.description)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(name)'; see: slipway list") }
        if prometheus {
            var scrape = ScrapeConfiguration(cluster: name.description, nodes: nodes)
            scrape.files = try clientFiles(name, nodes: nodes, workspace: workspace)
            scrape.hasDashboard = await Reachability.answers(
                "127.0.0.1",
                port: UInt16(ScrapeConfiguration.dashboardPort)
            )
            return Output.print(scrape.text)
        }
        // Nothing said would leave a shell speaking to the cluster before.
        guard nodes.contains(where: { $0.power == .running }) else {
            throw UserError("no node of cluster '\(name)' is on; start them: slipway up \(cluster)")
        }
        let variables = try await variables(name, nodes: nodes, workspace: workspace)
        guard !variables.isEmpty else {
            throw UserError("cluster '\(name)' has nothing now that docker, fleetctl or etcdctl here could speak to")
        }
        if output.json {
            try Output.json(Dictionary(variables, uniquingKeysWith: { first, _ in first }))
        } else {
            for (key, value) in variables { Output.print("export \(key)=\(ShellWord.quoted(value))") }
        }
    }

    private func variables(
        _ name: ClusterName,
        nodes: [ObservedNode],
        workspace: HostWorkspace,
    ) async throws -> [(String, String)] {
        let running = nodes.filter { $0.power == .running }
        if workspace.jump != nil { return try remoteVariables(name, nodes: running, workspace: workspace) }
        let members = running.filter { $0.etcd == .member }
        var variables: [(String, String)] = []
        let files = try clientFiles(name, nodes: nodes, workspace: workspace)
        if let files, let node = await dockerHost(running, port: 2376, workspace) {
            variables.append(("DOCKER_HOST", "tcp://\(node):2376"))
            variables.append(("DOCKER_TLS_VERIFY", "1"))
            variables.append(("DOCKER_CERT_PATH", files.directory.string))
        } else if let node = await dockerHost(running, port: 2375, workspace) {
            variables.append(("DOCKER_HOST", "tcp://\(node):2375"))
        }
        if let first = members.first, let address = first.address {
            let scheme = files != nil && first.etcdTLS ? "https" : "http"
            switch first.fleet {
            case .tcp: variables.append(("FLEETCTL_ENDPOINT", "\(scheme)://\(address):49153"))
            case .socket: variables.append(("FLEETCTL_TUNNEL", "\(address)"))
            case .none: break
            }
            variables.append(("FLEETCTL_SSH_CONFIG", try sshConfig(name, nodes: nodes, workspace: workspace)))
            variables.append(("ETCDCTL_API", "3"))
            variables.append(("ETCDCTL_ENDPOINTS", members.compactMap(\.clientURL).joined(separator: ",")))
            if let files, first.etcdTLS {
                variables.append(("FLEETCTL_CA_FILE", files.authority))
                variables.append(("FLEETCTL_CERT_FILE", files.certificate))
                variables.append(("FLEETCTL_KEY_FILE", files.key))
                variables.append(("ETCDCTL_CACERT", files.authority))
                variables.append(("ETCDCTL_CERT", files.certificate))
                variables.append(("ETCDCTL_KEY", files.key))
            }
        }
        return variables
    }

    /// For nodes that only another host reaches, what can be said to programs that go by ssh.
    private func remoteVariables(
        _ name: ClusterName,
        nodes: [ObservedNode],
        workspace: HostWorkspace,
    ) throws -> [(String, String)] {
        let withFleet = nodes.filter { $0.fleet != .none }
        guard let node = withFleet.first(where: { $0.etcd == .member }) ?? withFleet.first, let address = node.address
        else { return [] }
        Output.note("The nodes are reached by ssh through libvirt's host; docker and etcdctl are there: slipway exec")
        let config = try sshConfig(name, nodes: nodes, workspace: workspace)
        return [("FLEETCTL_TUNNEL", "\(address)"), ("FLEETCTL_SSH_CONFIG", config)]
    }

    /// The first node whose Docker listens on the network.
    private func dockerHost(_ nodes: [ObservedNode], port: UInt16, _ workspace: HostWorkspace) async -> String? {
        for node in nodes {
            if let address = node.address, await workspace.answers(address, port: port) { return "\(address)" }
        }
        return nil
    }

    /// The files that a cluster with certificates asks for; nil for one without.
    private func clientFiles(_ name: ClusterName, nodes: [ObservedNode], workspace: HostWorkspace) throws
        -> ClientFiles?
    {
        guard let number = nodes.compactMap(\.certificates?.number).max() else { return nil }
        let certificates = workspace.certificates(of: name.description)
        let files = workspace.clientFiles(of: name)
        try files.write(
            authority: certificates.authorities(trustedBy: number),
            own: certificates.operatorCertificate(number),
        )
        return files
    }

    private func sshConfig(_ name: ClusterName, nodes: [ObservedNode], workspace: HostWorkspace) throws -> String {
        let targets = try workspace.sshTargets(cluster: name, nodes: nodes)
        let client = try workspace.sshClient(cluster: name, outlives: true)
        let path = client.knownHostsFile.string + ".ssh-config"
        let text = SSHConfig(client: client, cluster: name.description).text(for: targets)
        try AtomicFile.write(text, to: path)
        return path
    }
}
