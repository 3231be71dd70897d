import ArgumentParser
import Planning
import TopologyLoading
import Workspace

struct ClusterRoll: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "roll",
        abstract: "Reboot a cluster's nodes, one after the other.",
        usage: "slipway roll FILE [NODE…] [--role ROLE] [--max COUNT] [--ignore-window]",
        discussion: """
            Each node is ready again before the next goes down: workers first, then etcd's members, of which a \
            majority always stays. A node with reboot_strategy etcd-lock first takes its place in the cluster's reboot \
            semaphore, the one that its locksmithd uses, and gives it back when it is healthy. A node that does not \
            come back stops the roll.
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: "Nodes to reboot; without any, all of them.")
    var nodes: [String] = []
    @Option(
        name: .customLong("role"),
        help: ArgumentHelp("Only nodes of this role; may be repeated.", valueName: "role")
    )
    var roles: [String] = []
    @Option(name: .customLong("max"), help: "How many nodes may be away at a time.")
    var atOnce = 1
    @Flag(name: .customLong("ignore-window"), help: "Reboot outside coreos.locksmith's window, too.")
    var ignoresWindows = false
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard atOnce >= 1 else { throw ValidationError("--max is at least 1") }
    }

    func run() async throws {
        let (topology, sources) = try Diagnosing.topology(ClusterArgument(cluster), runtimes)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let command = ChangeCommand(
            line: "slipway roll \(cluster)\(runtimes.words)",
            json: output.json,
            yes: true,
            patience: stop.patience,
        )
        let roll = Roll(nodes: nodes, roles: roles, atOnce: atOnce, ignoresWindows: ignoresWindows)
        try await Diagnosing.showing(sources) {
            try await PlanRunner(workspace: workspace, command: command).roll(topology, roll, sources: sources)
        }
    }
}
