import ArgumentParser
import Basics
import Planning
import Terminal
import TopologyModel
import Workspace

struct SnapshotList: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the snapshots of a cluster, or of all.",
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String?
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let name = try cluster.map { try ClusterArgument($0).clusterName() }
        let workspace = try await HostWorkspace.open(connect.uri)
        let snapshots = try await workspace.snapshots(of: name)
        if output.json { return try Output.json(snapshots.map { SnapshotPayload($0) }) }
        guard !snapshots.isEmpty else {
            return Output.print("No snapshots. Make one: slipway snapshot save \(name?.description ?? "CLUSTER")")
        }
        Output.print(Self.table(snapshots).format(style: Output.style))
    }

    static func table(_ snapshots: [ClusterSnapshot]) -> Table {
        Table(
            "CLUSTER",
            "SNAPSHOT",
            "MADE",
            "NODES",
            "SIZE",
            rows: snapshots.map { snapshot in
                [
                    snapshot.cluster, snapshot.name, Timestamp.text(snapshot.made), "\(snapshot.nodes.count)",
                    Format.bytes(snapshot.bytes),
                ]
            },
        )
    }
}

/// A snapshot as a program reads it.
struct SnapshotPayload: Encodable {
    struct Node: Encodable {
        var name: String
        var running: Bool
        var bytes: Int64
    }

    var cluster: String
    var name: String
    var made: String
    /// Data in files, shared with nodes' own or not.
    var bytes: Int64
    /// Seconds for which nodes stood still.
    var frozen: Double
    var network: String
    var nodes: [Node]

    init(_ snapshot: ClusterSnapshot) {
        cluster = snapshot.cluster
        name = snapshot.name
        made = Timestamp.text(snapshot.made)
        bytes = snapshot.bytes
        frozen = snapshot.frozen
        network = "\(snapshot.cidr)"
        nodes = snapshot.nodes.map { Node(name: $0.node.name, running: $0.node.power == .running, bytes: $0.bytes) }
    }
}
