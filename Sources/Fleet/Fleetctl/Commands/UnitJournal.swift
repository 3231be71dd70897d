import ArgumentParser

struct UnitJournal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Show the log of a unit, from the machine it is on.",
        discussion: "Example: fleetctl journal -f --lines 50 hello",
    )

    @OptionGroup var global: GlobalOptions

    @Option(name: [.long, .customShort("n")], help: "How many of the last lines to show.")
    var lines = 10

    @Flag(name: [.long, .customShort("f")], help: "Go on showing lines as they come.")
    var follow = false

    @Option(name: [.long, .customShort("o")], help: "The format, as of journalctl --output.")
    var output = "short"

    @Flag(help: "Read the log as root.")
    var sudo = false

    @Option(help: "The port of ssh on the machines.")
    var sshPort: Int?

    @Argument(help: "The name of a unit.", completion: .units)
    var unit: String

    func run() async throws {
        let (unit, lines, output, follows, usesSudo, port) = (unit, lines, output, follow, sudo, sshPort)
        try await Session.run(global) { context in
            try await RemoteOperations(context, port: port)
                .journal(unit, lines: lines, output: output, follows: follows, usesSudo: usesSudo)
        }
    }
}
