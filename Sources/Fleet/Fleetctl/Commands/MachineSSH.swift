import ArgumentParser

struct MachineSSH: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh",
        abstract: "Open a shell, or run a command, on a machine of the cluster.",
        discussion: """
            The machine is given by the beginning of its id, or by a unit that is on it.
            Example: fleetctl ssh hello.service uptime
            """,
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "The beginning of the machine's id; all arguments are then the command.")
    var machine: String?

    @Option(help: "A unit on the machine; all arguments are then the command.")
    var unit: String?

    @Flag(name: [.long, .customShort("A")], help: "Let the machine use your ssh agent.")
    var forwardAgent = false

    @Option(help: "The port of ssh on the machine.")
    var sshPort: Int?

    @Argument(parsing: .captureForPassthrough, help: "A machine or a unit, then the command to run.")
    var arguments: [String] = []

    func run() async throws {
        let words = arguments.first == "--" ? Array(arguments.dropFirst()) : arguments
        let target = machine == nil && unit == nil ? words.first : nil
        let rest = words.dropFirst(target == nil ? 0 : 1)
        let command = Array(rest.first == "--" ? rest.dropFirst() : rest)
        let (machine, unit, port, forwardsAgent) = (machine, unit, sshPort, forwardAgent)
        try await Session.run(global) { context in
            try await RemoteOperations(context, port: port, forwardsAgent: forwardsAgent)
                .shell(machine: machine, unit: unit, target: target, command)
        }
    }
}
