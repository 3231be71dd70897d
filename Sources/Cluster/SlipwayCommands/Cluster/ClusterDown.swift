import ArgumentParser
import Provisioning
import TopologyModel
import Workspace

struct ClusterDown: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Remove a cluster and every trace of it.",
        usage: "slipway down CLUSTER|FILE|--all [--keep-snapshots] [--timeout SECONDS] [--yes]",
        discussion: """
            Also one that is half made, or of which parts were removed by hand. Nothing else is touched.

            Nodes are shut down first, so that their units end their work and tell others: etcd's members together, after \
            all others. \
            Its snapshots go, too, unless --keep-snapshots is given: with them, `snapshot restore` makes it again as it was.

            --timeout 0, or a second Ctrl-C soon after the first, cuts their power at once.

            --all removes every cluster on this host, one after the other, each after asking; the first that cannot be \
            removed ends it. Images and this host's keys stay: slipway image prune, and removing the package.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String?
    @Flag(help: "Remove every cluster on this host.")
    var all = false
    @Flag(help: "Keep the cluster's snapshots, from which it can be made again.")
    var keepSnapshots = false
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        guard (cluster == nil) == all else { throw ValidationError("name a cluster, or say --all") }
    }

    func run() async throws {
        let name = try cluster.map { try ClusterArgument($0).clusterName() }
        let workspace = try await HostWorkspace.open(connect.uri)
        if let name, let cluster { return try await remove(name, from: workspace, as: cluster) }
        let names = ClusterList.rows(try await workspace.provider.observe()).map(\.name)
        guard !names.isEmpty else { return Output.note("There are no clusters here.") }
        for name in names { try await remove(ClusterName(name), from: workspace, as: "--all") }
    }

    /// - Parameter words: argument of the command, for advice on how to go on.
    private func remove(_ cluster: ClusterName, from workspace: HostWorkspace, as words: String) async throws {
        let command = ChangeCommand(
            line: "slipway down \(words)",
            json: output.json,
            yes: confirm.yes,
            patience: stop.patience,
        )
        try await PlanRunner(workspace: workspace, command: command)
            .tearDown(cluster, keepsSnapshots: keepSnapshots)
    }
}
