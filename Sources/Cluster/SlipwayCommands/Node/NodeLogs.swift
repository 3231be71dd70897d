import ArgumentParser
import Basics
import Planning
import Provisioning
import SecureShell
import TopologyModel
import Workspace

struct NodeLogs: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print the journal of a node, or of all nodes of a cluster in one.",
        usage: "slipway logs [CLUSTER|FILE] [NODE] [--follow] [--unit UNIT] [--since TIME] [--lines N] [--json]",
        discussion: """
            A cluster's nodes are read together, in the order of their messages' times, each line with its time and node. \
            Of a node that cannot be reached, what its console and hypervisor said is printed.

              slipway logs production worker-1 --unit etcd2
              slipway logs production --follow --unit hello.service
              slipway logs production --since '10 min ago' --lines 1000

            TIME is as journalctl takes it: "2026-11-29 17:00", "10 min ago", today. --json prints an object a line: time \
            (seconds since 1970), node, text.
            """,
    )

    @Argument(help: ArgumentHelp("The cluster (or its file), the node, or both.", valueName: "node"))
    var node: [String]
    @Flag(name: [.long, .customShort("f")], help: "Go on printing as lines come.")
    var follow = false
    @Option(name: [.long, .customShort("u")], help: "Only this unit.")
    var unit: String?
    @Option(help: ArgumentHelp("Only from this time on.", valueName: "time"))
    var since: String?
    @Option(
        name: [.long, .customShort("n")],
        help: "How many of the last lines; of a cluster that is followed, of each node."
    )
    var lines = 100
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard lines >= 0 else { throw ValidationError("--lines is 0 or more") }
    }

    func run() async throws {
        // A name is looked at before anything else is.
        if node.count != 1 || !ClusterArgument(node[0]).isFile { _ = try NodeArgument(words: node) }
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        if let (cluster, nodes) = try await wholeCluster(workspace) {
            return try await show(nodes, of: cluster, workspace)
        }
        let found = try await NodeArgument(words: node).resolve(workspace)
        if found.power == .running, let address = found.address, await workspace.answers(address, port: 22) {
            if output.json { return try await show([found], of: ClusterName(found.cluster), workspace) }
            let words = ["sudo", "journalctl", "--no-pager", "--lines=\(lines)"] + (follow ? ["--follow"] : [])
            try await NodeShellCommand(workspace: workspace, node: found).become(words + query)
        }
        Output.note("\(found.name) cannot be reached; this is what it and the hypervisor said last:")
        for line in await workspace.provider.evidence(for: NodeReference(found), lines: lines) { Output.print(line) }
    }

    /// The cluster that a single word stands for, and its nodes; nil where it is a node's name.
    private func wholeCluster(_ workspace: HostWorkspace) async throws -> (ClusterName, [ObservedNode])? {
        guard node.count == 1 else { return nil }
        let argument = ClusterArgument(node[0])
        let seen = try await workspace.provider.observe()
        if case .name(let text) = argument {
            let isNode = seen.nodes.contains { $0.name == text || $0.domainName == text }
            guard !isNode, !seen.nodes(of: text).isEmpty else { return nil }
        }
        let cluster = try argument.clusterName()
        let nodes = seen.nodes(of: cluster.description)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(cluster)'; see: slipway list") }
        return (cluster, nodes)
    }

    private func show(_ nodes: [ObservedNode], of cluster: ClusterName, _ workspace: HostWorkspace) async throws {
        for node in nodes where node.power != .running { Output.note("\(node.name) is not on") }
        let journal = ClusterJournal(
            workspace: workspace,
            cluster: cluster,
            nodes: nodes.filter { $0.power == .running },
            query: query,
            lines: lines,
            follows: follow,
            json: output.json,
        )
        try await Interrupt.guarding(advice: "") { try await journal.show() }
    }

    private var query: [String] {
        (unit.map { ["--unit=\(ShellWord.quoted($0))"] } ?? [])
            + (since.map { ["--since=\(ShellWord.quoted($0))"] } ?? [])
    }
}
