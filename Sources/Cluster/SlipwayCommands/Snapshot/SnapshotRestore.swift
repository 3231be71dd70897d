import ArgumentParser
import Planning
import TopologyModel
import Workspace

struct SnapshotRestore: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a cluster back to a snapshot.",
        usage: "slipway snapshot restore CLUSTER [NAME] [--yes]",
        discussion: """
            The cluster is then as it was: nodes, their files and definitions, etcd, units, the network. What was written \
            since is lost, which is asked about first, and so are nodes that came later; those that are gone come back. \
            It also makes a cluster again that was taken down with --keep-snapshots. The snapshot stays.

            All nodes lose their power together, and start again once all have their files. Once that has begun, it has to \
            come to its end: where it is cut short, nothing else is done with the cluster until the same command is given \
            again, or `down`.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Argument(help: "Name of the snapshot (default: the newest).")
    var name: String?
    @OptionGroup var boots: BootOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func run() async throws {
        let cluster = try ClusterArgument(cluster).clusterName()
        let wanted = try name.map { try SnapshotName($0) }
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        // The newest one of now is meant, whenever the command is given again.
        let name = try await workspace.snapshot(of: cluster, named: wanted).name
        let command = ChangeCommand(
            line: "slipway snapshot restore \(cluster) \(name)",
            json: output.json,
            yes: confirm.yes,
            mostBoots: boots.most,
        )
        try await Diagnosing.showing([:]) {
            try await PlanRunner(workspace: workspace, command: command).putBack(cluster, to: SnapshotName(name))
        }
        guard !output.json else { return }
        try await ClusterStatus.print(cluster: cluster.description, workspace: workspace)
    }
}

extension UserError {
    /// The refusal to do anything else with a cluster that is half put back.
    init(cut: SnapshotReference) {
        self.init(
            "'\(cut.cluster)' was being put back to '\(cut.name)', and that was cut short; give it again first: "
                + "slipway snapshot restore \(cut.cluster) \(cut.name)"
        )
    }
}
