import ArgumentParser
import LibvirtProvider
import Planning

struct NodeConsole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Attach to a node's console; Ctrl-] detaches.",
        usage: "slipway console [CLUSTER|FILE] NODE",
    )

    @Argument(help: ArgumentHelp("The cluster (or its file) and the node.", valueName: "node"))
    var node: [String]
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let session = try await Session.open(connect)
        let node = try await NodeArgument(words: node).resolve(session)
        let uri = ConnectionURIs(session.uri).uri(for: node.runtime) ?? session.uri
        Output.note("Attached to \(node.name); Ctrl-] detaches.")
        try Replacing.exec("virsh", ["--quiet", "--connect", uri, "console", node.domainName])
    }
}
