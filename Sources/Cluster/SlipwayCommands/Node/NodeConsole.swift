import ArgumentParser
import Planning
import TopologyModel
import Workspace

struct NodeConsole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Attach to a virtual machine's console; Ctrl-] detaches.",
        usage: "slipway console [CLUSTER|FILE] NODE",
        discussion: "A container has none: `slipway ssh` logs in to it, `slipway logs` shows what it said.",
    )

    @Argument(help: ArgumentHelp("The cluster (or its file) and the node.", valueName: "node"))
    var node: [String]
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let argument = try NodeArgument(words: node)
        let workspace = try await HostWorkspace.open(connect.uri)
        let node = try await argument.resolve(workspace)
        guard node.runtime == .vm else {
            throw UserError(
                "\(node.name) is a container, which has no console; `slipway ssh` logs in to it, and `slipway logs` "
                    + "shows what it said, also when it cannot be reached"
            )
        }
        Output.note("Attached to \(node.name); Ctrl-] detaches.")
        try Replacing.exec("virsh", ["--quiet", "--connect", workspace.uri(of: node), "console", node.domainName])
    }
}
