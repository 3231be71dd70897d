import ArgumentParser
import Basics
import Planning
import Provisioning
import TopologyModel
import Workspace

struct ClusterMetrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Print figures of a cluster for Prometheus.",
        discussion: """
            Nodes by state, etcd by member, fleet's machines and units, and when certificates end, in OpenMetrics' text \
            format. A node exporter's textfile collector takes them from a file:

              slipway metrics production -o /var/lib/prometheus/node-exporter/slipway-production.prom

            The file is replaced as a whole. fleetd has figures of its own: http://NODE:49153/metrics
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(
        name: [.customLong("output"), .customShort("o")],
        help: ArgumentHelp("Write to a file.", valueName: "file")
    )
    var file: String?
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName().description
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let seen = try await workspace.observer(of: name).observe(name)
        let report = StatusReport(seen, cluster: name)
        guard report.exists else { throw ProvisioningError("there is no cluster '\(name)'", hints: ["slipway list"]) }
        let members = try await workspace.memberStatuses(of: name, nodes: seen.provider.nodes(of: name))
        let text = ClusterFigures(report: report, seen: seen, members: members).text
        guard let file else { return Output.print(text) }
        try AtomicFile.write(Array(text.utf8), to: file, mode: 0o644)
    }
}
