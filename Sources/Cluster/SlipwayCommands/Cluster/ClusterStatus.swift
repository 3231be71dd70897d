import ArgumentParser
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct ClusterStatus: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a cluster's nodes, etcd members, fleet machines and units.",
        discussion: "Exit code 0 when everything is well, 1 when something is not or there is no such cluster.",
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Flag(
        help: """
            Go on, and show every change as it happens: on a terminal a screen with the latency of etcd's members, the host's \
            load and the last changes (q quits, a shows each node); elsewhere a report after each change.
            """
    )
    var watch = false
    @Flag(help: "Show each node, also of a cluster of more than 40, of which else each role is a line.")
    var all = false
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName().description
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        if watch { return try await follow(name, workspace: workspace) }
        let (report, _) = try await StatusReport.observing(name, workspace)
        if output.json { try Output.json(report) } else { Output.print(report.text(style: Output.style, all: all)) }
        if !report.isWell { throw ExitCode.failure }
    }

    static func print(cluster: String, workspace: HostWorkspace) async throws {
        let seen = try await workspace.observer(of: cluster).observe(cluster)
        let report = StatusReport(seen, cluster: cluster)
        Output.print("\n" + report.text(style: Output.style))
    }

    private func follow(_ name: String, workspace: HostWorkspace) async throws {
        // One that is not there is said at once, not looked for.
        _ = try await StatusReport.observing(name, workspace)
        try await Interrupt.guarding(advice: "") {
            if Output.isTerminal, !output.json {
                return await StatusWatch(cluster: name, workspace: workspace, showsAll: all).run()
            }
            var last: StatusReport?
            for await look in workspace.looks(at: name) {
                guard let seen = look.clusters[name]?.observation else { continue }
                let report = StatusReport(seen, cluster: name)
                if report != last { try show(report) }
                last = report
            }
            try Task.checkCancellation()
        }
    }

    private func show(_ report: StatusReport) throws {
        if output.json { return Output.print(try JSONText.line(report)) }
        Output.print(report.text(style: Output.style, all: all) + "\n")
    }
}
