import ArgumentParser
import Basics
import CloudConfigLoading
import Diagnostics
import FoundationEssentials
import Planning
import Provisioning
import Rendering
import SystemPackage
import Terminal
import TopologyLoading
import TopologyModel
import Workspace

struct NodeRender: AsyncParsableCommand {
    enum Part: String, ExpressibleByArgument, CaseIterable {
        case cloudConfig = "cloud-config"
        case domain
        case network
    }

    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Print what a node is given: its cloud-config, its domain XML, the network XML.",
        usage: "slipway render FILE NODE [--part PART] [--format FORMAT] [--secrets]",
        discussion: """
            Byte for byte, but for the cloud-config's private keys, which --secrets shows. Where libvirt cannot be reached, \
            it is what a new cluster would be given.

            --format says the same to another reader: coreos (Slipway's nodes), cloud-init (Canonical's: user-data, \
            meta-data and network-config), ignition-flatcar or ignition-fcos. What a format has no words for is named \
            on standard error; where a node cannot be given something at all, the exit code is 1.
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "The node, such as worker-1.")
    var node: String
    @Option(help: "Which part.")
    var part = Part.cloudConfig
    @Option(help: "For which reader the cloud-config is written.")
    var format: NodeFormat?
    @Option(help: ArgumentHelp("Write the format's files into this directory.", valueName: "directory"))
    var output: String?
    @Flag(help: "Show the private keys that the node is given.")
    var secrets = false
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var connect: ConnectOptions

    func validate() throws {
        guard format != nil || output == nil else { throw ValidationError("--output goes with --format") }
        guard format == nil || part == .cloudConfig else { throw ValidationError("--format is for the cloud-config") }
    }

    func run() async throws {
        let (topology, sources) = try Diagnosing.topology(ClusterArgument(cluster), runtimes)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let plan = try await Diagnosing.showing(sources) { try await planned(topology, workspace) }
        guard let node = plan.nodes.first(where: { $0.name == node }) else {
            let names = plan.nodes.map(\.name).joined(separator: ", ")
            throw UserError("the topology has no node '\(node)'; it has \(names)")
        }
        switch part {
        case .cloudConfig:
            let text = try given(node, by: plan, workspace: workspace) ?? node.userData
            let shown = secrets ? text : SecretText.redacted(text)
            if let format { try render(shown, of: node, as: format) } else { Output.rawOutput(shown) }
        case .domain:
            Output.print(try await workspace.provider.domainXML(for: node, image: workspace.images.paths(node.image)))
        case .network:
            guard let network = plan.network else { throw UserError("the plan has no network") }
            Output.print(try await workspace.provider.networkXML(for: network))
        }
    }

    /// Returns the plan; where libvirt does not answer, the nodes are those of a new cluster.
    private func planned(_ topology: Topology, _ workspace: HostWorkspace) async throws -> Plan {
        do {
            return try await workspace.plan(topology, progress: Output.note).plan
        } catch let error as ProviderError where error.code == .connection {
            Output.note("this is what a new cluster is given: \(error)")
            return try await workspace.planAnew(topology, progress: Output.note)
        }
    }

    /// Returns the configuration that an unchanged node was given. A member's has the state of the cluster that it
    /// first joined, which no later plan contains.
    private func given(_ node: NodePlan, by plan: Plan, workspace: HostWorkspace) throws -> String? {
        let changes = plan.steps.contains { step in
            switch step.action {
            case .createNode(let changed), .reconfigureNode(let changed): changed.name == node.name
            default: false
            }
        }
        let configDrive = "clusters/\(plan.cluster)/\(node.name)/config/openstack/latest/user_data"
        let path = workspace.home.appending(configDrive).string
        guard !changes, FileManager.default.fileExists(atPath: path) else { return nil }
        return try String(contentsOfFile: path, encoding: .utf8)
    }
}

// MARK: Formats

extension NodeFormat: ExpressibleByArgument {}

extension NodeRender {
    /// Prints the node's cloud-config translated for another reader, or writes its files.
    private func render(_ userData: String, of node: NodePlan, as format: NodeFormat) throws {
        let (config, diagnostics) = CloudConfigLoader.load(userData, file: node.name)
        Diagnosing.show(diagnostics, sources: [node.name: userData])
        guard !diagnostics.hasErrors else { throw ExitCode.failure }
        let description = NodeDescription(
            config: config,
            instanceID: "\(node.domainName)-\(node.configDigest.prefix(12))",
            addresses: NodeDescription.Addresses(publicIPv4: "\(node.address)", privateIPv4: "\(node.address)"),
        )
        let comment = ["Node \(node.name) of cluster \(node.cluster), as planned by slipway."]
        let rendered = description.rendered(as: format, comment: comment)
        for finding in rendered.findings { Output.note(finding.description) }
        guard !rendered.hasErrors else { throw ExitCode.failure }
        guard let output else {
            let isAlone = rendered.files.count == 1
            for file in rendered.files { Output.rawOutput(isAlone ? file.text : "==> \(file.name)\n\(file.text)") }
            return
        }
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        for file in rendered.files { try write(file, to: URL(filePath: output).appending(path: file.name).path) }
    }

    /// For its owner only: there may be private keys in it.
    private func write(_ file: RenderedFile, to path: String) throws {
        let isWritten = FileManager.default.createFile(
            atPath: path,
            contents: Data(file.text.utf8),
            attributes: [.posixPermissions: 0o600],
        )
        guard isWritten else { throw UserError("cannot write \(path)") }
    }
}
