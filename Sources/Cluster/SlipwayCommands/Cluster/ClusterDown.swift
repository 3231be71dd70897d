import ArgumentParser
import Workspace

struct ClusterDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Remove a cluster and every trace of it.",
        discussion: """
            Also one that is half made, or of which parts were removed by hand. Nothing else is touched.

            Nodes lose their power at once, as all that is stored on them goes. Where their units have work to end or \
            others to tell, --timeout 120 asks the nodes first, all at the same time.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(
        help: ArgumentHelp(
            "How many seconds units may take to stop before the power is cut.",
            valueName: "seconds",
        )
    )
    var timeout = 0
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        guard timeout >= 0 else { throw ValidationError("--timeout cannot be less than 0") }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let workspace = try await HostWorkspace.open(connect.uri)
        let runner = PlanRunner(
            workspace: workspace,
            command: "slipway down \(cluster)",
            json: output.json,
            yes: confirm.yes,
            patience: .seconds(timeout),
        )
        try await runner.tearDown(name)
    }
}
