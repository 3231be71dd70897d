import ArgumentParser
import Planning
import Provisioning
import TopologyModel
import Workspace

struct ClusterMetrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Print figures of a cluster for Prometheus.",
        discussion: """
            Nodes by state, etcd by member, fleet's machines and units, when certificates end, the newest backup, the reboot \
            lock and the last command, in OpenMetrics' text format. A node exporter's textfile collector takes them from a file:

              slipway metrics production -o /var/lib/prometheus/node-exporter/slipway-production.prom

            The file is replaced as a whole. fleetd has figures of its own at /metrics of its API, which `fleet.tcp` opens; \
            on a node: curl --unix-socket /run/fleet.sock http://localhost/metrics
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @OptionGroup var target: FileOption
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName().description
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let (report, seen) = try await StatusReport.observing(name, workspace)
        try target.write(try await ClusterFigures.reading(report, seen, workspace).text)
    }
}
