import ArgumentParser

struct UnitStatusShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what systemd says of units, from the machines they are on.",
        discussion: """
            Runs systemctl status through ssh, or directly where the unit is on this machine, and ends with its exit \
            code. For a unit that is on no machine it says why, and ends with 3.
            """,
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "The port of ssh on the machines.")
    var sshPort: Int?

    // It never waited; the original took no notice of it.
    @Flag(help: .hidden) var noBlock = false

    @Argument(help: "Names of units.", completion: .units)
    var units: [String]

    func run() async throws {
        let (units, port) = (units, sshPort)
        try await Session.run(global) { context in
            try await RemoteOperations(context, port: port).status(units)
        }
    }
}
