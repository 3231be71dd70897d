import ArgumentParser
import Basics
import Workspace

struct NodeExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command on a node, with its output and exit code.",
        usage: "slipway exec [CLUSTER|FILE] NODE -- COMMAND...",
        discussion: "The words of the command reach the node as they are. Exit code 255: the node could not be reached.",
    )

    @OptionGroup var node: NodeWords
    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command and its arguments.", valueName: "command"))
    var command: [String] = []
    @OptionGroup var connect: ConnectOptions

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("say what to run after --, such as: slipway exec worker-1 -- uptime")
        }
    }

    func run() async throws {
        let argument = try NodeArgument(words: node.words)
        let workspace = try await HostWorkspace.open(connect.uri)
        // One word is a line for the node's shell, as with ssh; several are quoted so that each stays one word.
        let words = command.count == 1 ? command : command.map(ShellWord.quoted)
        try await NodeShellCommand(workspace: workspace, node: argument.resolve(workspace)).become(words)
    }
}
