import ArgumentParser
import Planning
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterReplace: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Make nodes anew, under their names and addresses, without what was stored on them.",
        usage: "slipway replace FILE NODE… [--timeout SECONDS] [--yes]",
        discussion: """
            For a worker that is lost, or a member whose etcd's data are broken: it leaves etcd first, and joins it again \
            with the data of the others. What the file asks for besides is done as well, as by `up --replace NODE`. The plan \
            marks what it destroys, and asks; it is refused where no other member has etcd's data. When the majority is \
            lost: slipway recover. Another root or other node programs need none of this: slipway upgrade.
            """,
        aliases: ["reset"],
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "The nodes.")
    var nodes: [String]
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var boots: BootOptions
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws { try ReplaceOption.check(nodes) }

    func run() async throws {
        let (topology, sources) = try Diagnosing.topology(ClusterArgument(cluster), runtimes)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let command = ChangeCommand(
            line: "slipway replace \(cluster) \(nodes.joined(separator: " "))\(runtimes.words)",
            json: output.json,
            yes: confirm.yes,
            patience: stop.patience,
            mostBoots: boots.most,
            assumedFile: ClusterArgument(cluster).installedFile,
        )
        _ = try await Diagnosing.showing(sources) {
            try await PlanRunner(workspace: workspace, command: command).converge(
                topology,
                sources: sources,
                replaced: Set(nodes)
            )
        }
        guard !output.json else { return }
        try await ClusterStatus.print(cluster: topology.name, workspace: workspace)
    }
}
