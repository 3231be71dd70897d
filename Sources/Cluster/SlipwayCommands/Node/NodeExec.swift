import ArgumentParser
import Basics
import Workspace

struct NodeExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command on a node, with its output and exit code.",
        usage: "slipway exec [CLUSTER|FILE] NODE -- COMMAND...",
        discussion: """
            The words of the command reach the node as they are. Exit code 255: the node could not be reached; 128 + N: \
            signal N ended the command.
            """,
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
        let line = Self.reporting(words.joined(separator: " "))
        try await NodeShellCommand(workspace: workspace, node: argument.resolve(workspace)).become([line])
    }

    /// The line in a shell of its own, whose end by a signal the shell around it tells as 128 + its number; ssh has 255
    /// for that, as for a node that it does not reach.
    static func reporting(_ line: String) -> String {
        "\"${SHELL:-/bin/sh}\" -c \(ShellWord.quoted(line)); exit $?"
    }
}
