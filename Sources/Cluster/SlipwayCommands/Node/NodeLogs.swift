import ArgumentParser
import Basics
import Planning
import Provisioning
import SecureShell
import Workspace

struct NodeLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print a node's journal; of a node that cannot be reached, what its console and hypervisor said.",
        usage: "slipway logs [CLUSTER|FILE] NODE [--follow] [--unit UNIT] [--lines N]",
    )

    @Argument(help: ArgumentHelp("The cluster (or its file) and the node.", valueName: "node"))
    var node: [String]
    @Flag(name: [.long, .customShort("f")], help: "Go on printing as lines come.")
    var follow = false
    @Option(name: [.long, .customShort("u")], help: "Only this unit.")
    var unit: String?
    @Option(name: [.long, .customShort("n")], help: "How many of the last lines.")
    var lines = 100
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let argument = try NodeArgument(words: node)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let found = try await argument.resolve(workspace)
        if found.power == .running, let address = found.address, await workspace.answers(address, port: 22) {
            try await NodeShellCommand(workspace: workspace, node: found).become(journal)
        }
        Output.note("\(found.name) cannot be reached; this is what it and the hypervisor said last:")
        for line in await workspace.provider.evidence(for: NodeReference(found), lines: lines) { Output.print(line) }
    }

    private var journal: [String] {
        var words = ["sudo", "journalctl", "--no-pager", "--lines=\(lines)"]
        if follow { words.append("--follow") }
        if let unit { words.append("--unit=\(ShellWord.quoted(unit))") }
        return words
    }
}
