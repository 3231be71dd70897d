import ArgumentParser
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct SnapshotSaveCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Make a snapshot of a cluster.",
        usage: "slipway snapshot save CLUSTER [NAME]",
        discussion: """
            Large files that do not change are copied first; then all nodes stand still while the rest is, mostly for less \
            than a second, and run on. Where the file system shares files (btrfs, XFS), nothing is copied; elsewhere it \
            takes the room of all that nodes have written. What takes longer than --limit while nodes stand still is given \
            up, since leases in etcd end meanwhile.

            However it ends, the nodes run on, and what is not whole is no snapshot: the next one removes it.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Argument(help: "Name of the snapshot: lower-case letters, digits and hyphens (default: of the time).")
    var name: String?
    @Option(help: ArgumentHelp("How long nodes may stand still.", valueName: "seconds"))
    var limit = 10
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        let cluster = try ClusterArgument(cluster).clusterName()
        let name = try name.map { try SnapshotName($0) }
        let workspace = try await HostWorkspace.open(connect.uri)
        let begin = ContinuousClock.now
        let command = "slipway snapshot save \(cluster)\(name.map { " \($0)" } ?? "")"
        let say: @Sendable (String) -> Void = { [output] in if !output.json { Output.note($0) } }
        let uri = connect.uri
        let saved = try await workspace.changing(cluster, purpose: command, note: Output.note) { _ in
            try await Diagnosing.showing([:]) {
                try await Interrupt.guarding(advice: "Stopped; no snapshot was made.") { [limit] in
                    try await workspace.saveSnapshot(
                        of: cluster,
                        as: name,
                        limit: .seconds(limit),
                        watch: { nodes, body in try await SnapshotThaw.guarding(nodes, uri: uri, body) },
                        say: say,
                    )
                }
            }
        }
        let took = ContinuousClock.now - begin
        if let reason = await workspace.record(command, .done, steps: 0, took: took, of: cluster.description) {
            Output.note("the snapshot is whole; the cluster's history does not have it: \(reason)")
        }
        if output.json { return try Output.json(SnapshotPayload(saved)) }
        Output.print(
            "\(saved.name): \(Format.count(saved.nodes.count, "node")), \(Format.bytes(saved.bytes)), "
                + "in \(Format.duration(took)); nodes stood still for \(Format.duration(.seconds(saved.frozen)))."
        )
    }
}
