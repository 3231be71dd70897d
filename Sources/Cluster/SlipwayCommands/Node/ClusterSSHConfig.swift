import ArgumentParser
import Planning
import Provisioning
import SecureShell
import TopologyModel
import Workspace

struct ClusterSSHConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh-config",
        abstract: "Print a configuration with which ssh, scp and rsync reach the nodes by name.",
        discussion: """
              slipway ssh-config production > production.ssh
              ssh -F production.ssh worker-1
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let workspace = try await HostWorkspace.open(connect.uri)
        let nodes = try await workspace.provider.observe().nodes(of: name.description)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(name)'; see: slipway list") }
        let targets = try workspace.sshTargets(cluster: name, nodes: nodes)
        let client = try workspace.sshClient(cluster: name, outlives: true)
        Output.print(SSHConfig(client: client, cluster: name.description).text(for: targets))
    }
}
