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
    @Flag(help: "Go on, and show every change as it happens.")
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
        try await Interrupt.guarding(advice: "") {
            var last: StatusReport?
            var area = LiveArea()
            while !Task.isCancelled {
                let seen = try await workspace.observer(of: name).observe(name)
                let report = StatusReport(seen, cluster: name)
                if report != last { try show(report, in: &area) }
                last = report
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func show(_ report: StatusReport, in area: inout LiveArea) throws {
        if output.json { return Output.print(try JSONText.line(report)) }
        let text = report.text(style: Output.style, all: all)
        guard Output.isTerminal else { return Output.print(text + "\n") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        Output.rawOutput(area.update(lasting: [], live: lines, screen: Output.screen))
    }
}
