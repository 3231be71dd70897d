import ArgumentParser

struct ClusterDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Remove a cluster and every trace of it.",
        discussion: "Also one that is half made, or of which parts were removed by hand. Nothing else is touched.",
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let session = try await Session.open(connect)
        let runner = PlanRunner(
            session: session,
            command: "slipway down \(cluster)",
            json: output.json,
            yes: confirm.yes,
        )
        try await runner.tearDown(name)
    }
}
