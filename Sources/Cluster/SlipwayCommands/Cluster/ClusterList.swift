import ArgumentParser
import Basics
import Planning
import Provisioning
import Terminal
import Workspace

struct ClusterList: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the clusters on this host.",
    )

    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    struct Row: Encodable {
        var name: String
        var nodes: Int
        var running: Int
        var ready: Int
        var network: String?
        /// Number of snapshots on this host; nil for none.
        var snapshots: Int?
    }

    func run() async throws {
        let workspace = try await HostWorkspace.open(connect.uri)
        let seen = try await workspace.provider.observe()
        for stray in seen.strays { Output.note("\(stray) is no cluster's directory, and is left alone.") }
        let rows = Self.rows(seen)
        if output.json { return try Output.json(rows) }
        guard !rows.isEmpty else {
            return Output.print("No clusters here. Make one: slipway up Topologies/dev-test.yaml")
        }
        let table = Table(
            "CLUSTER",
            "NODES",
            "RUNNING",
            "READY",
            "NETWORK",
            "SNAPSHOTS",
            rows: rows.map { row in
                [
                    row.name, "\(row.nodes)", "\(row.running)", "\(row.ready)", row.network ?? "-",
                    row.snapshots.map { "\($0)" } ?? "-",
                ]
            },
        )
        Output.print(table.format(style: Output.style))
    }

    static func rows(_ seen: ProviderObservation) -> [Row] {
        let names = Set(
            seen.nodes.map(\.cluster) + seen.networks.compactMap(\.cluster) + seen.emptyClusterDirectories
                + (seen.snapshots ?? []).map(\.cluster)
        )
        return names.naturallySorted().map { name in
            let nodes = seen.nodes(of: name)
            let snapshots = seen.snapshots(of: name).count
            return Row(
                name: name,
                nodes: nodes.count,
                running: nodes.filter { $0.power == .running }.count,
                ready: nodes.filter { $0.phase == .ready && $0.power == .running }.count,
                network: seen.network(of: name)?.cidr.map { "\($0)" },
                snapshots: snapshots > 0 ? snapshots : nil,
            )
        }
    }
}
