import ArgumentParser
import Workspace

struct ClusterDown: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Remove a cluster and every trace of it.",
        discussion: """
            Also one that is half made, or of which parts were removed by hand. Nothing else is touched.

            Nodes are shut down first, so that their units end their work and tell others: etcd's members together, after \
            all others. \
            --timeout 0, or a second Ctrl-C soon after the first, cuts their power at once.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let workspace = try await HostWorkspace.open(connect.uri)
        let runner = PlanRunner(
            workspace: workspace,
            command: "slipway down \(cluster)",
            json: output.json,
            yes: confirm.yes,
            patience: stop.patience,
        )
        try await runner.tearDown(name)
    }
}
