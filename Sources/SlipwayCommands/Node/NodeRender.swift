import ArgumentParser
import Diagnostics
import FoundationEssentials
import Planning
import Provisioning
import Reporting
import SystemPackage
import TopologyLoading

struct NodeRender: AsyncParsableCommand {
    enum Part: String, ExpressibleByArgument, CaseIterable {
        case cloudConfig = "cloud-config"
        case domain
        case network
    }

    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Print what a node is given: its cloud-config, its domain XML, the network XML.",
        usage: "slipway render FILE NODE [--part cloud-config|domain|network] [--secrets]",
        discussion: "Byte for byte, but for the cloud-config's private keys, which --secrets shows.",
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "The node, such as worker-1.")
    var node: String
    @Option(help: "Which part.")
    var part = Part.cloudConfig
    @Flag(help: "Show the private keys that the node is given.")
    var secrets = false
    @OptionGroup var machines: MachineOptions
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let loaded = try Diagnosing.topology(ClusterArgument(cluster))
        let topology = try Diagnosing.showing(loaded.sources) { try machines.applied(to: loaded.checked()) }
        let session = try await Session.open(connect)
        let plan = try await Diagnosing.showing(loaded.sources) { try await session.plan(topology).plan }
        guard let node = plan.nodes.first(where: { $0.name == node }) else {
            let names = plan.nodes.map(\.name).joined(separator: ", ")
            throw UserError("the topology has no node '\(node)'; it has \(names)")
        }
        switch part {
        case .cloudConfig:
            let text = try given(node, by: plan, session: session) ?? node.userData
            Output.rawOutput(secrets ? text : SecretText.redacted(text))
        case .domain:
            Output.print(try await session.provider.domainXML(for: node, image: session.images.paths(node.image)))
        case .network:
            guard let network = plan.network else { throw UserError("the plan has no network") }
            Output.print(try await session.provider.networkXML(for: network))
        }
    }

    /// What a node that stays as it is was given. A member is given the state of the cluster it first joined, which no
    /// later plan can tell.
    private func given(_ node: NodePlan, by plan: Plan, session: Session) throws -> String? {
        let changes = plan.steps.contains { step in
            switch step.action {
            case .createNode(let changed), .reconfigureNode(let changed): changed.name == node.name
            default: false
            }
        }
        let seed = "clusters/\(plan.cluster)/\(node.name)/config/openstack/latest/user_data"
        let path = session.home.appending(seed).string
        guard !changes, FileManager.default.fileExists(atPath: path) else { return nil }
        return try String(contentsOfFile: path, encoding: .utf8)
    }
}
