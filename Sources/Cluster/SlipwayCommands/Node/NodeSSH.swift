import ArgumentParser
import Planning
import Provisioning
import SecureShell
import TopologyModel
import Workspace

struct NodeSSH: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh",
        abstract: "Log in to a node as core.",
        usage: "slipway ssh [CLUSTER|FILE] NODE [-- COMMAND...]",
    )

    @OptionGroup var node: NodeWords
    @Argument(parsing: .postTerminator, help: ArgumentHelp("What to run instead of a shell.", valueName: "command"))
    var command: [String] = []
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let argument = try NodeArgument(words: node.words)
        let workspace = try await HostWorkspace.open(connect.uri)
        try await NodeShellCommand(workspace: workspace, node: argument.resolve(workspace)).become(command)
    }
}

/// ssh to a node, in this program's place.
struct NodeShellCommand {
    let workspace: HostWorkspace
    let node: ObservedNode

    func become(_ command: [String]) async throws -> Never {
        let cluster = try ClusterName(node.cluster)
        let targets = try workspace.sshTargets(
            cluster: cluster,
            nodes: try await workspace.provider.observe().nodes(of: node.cluster),
        )
        guard let target = targets.first(where: { $0.node == node.name }) else {
            throw UserError("node \(node.name) has no address")
        }
        let client = try workspace.sshClient(cluster: cluster, outlives: true)
        try Replacing.exec("ssh", client.arguments(for: target, command: command, batch: false))
    }
}
