import ArgumentParser

struct MachineDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Move the units of machines elsewhere, and let them take no new ones.",
        discussion: """
            One unit moves after the other, each when the one before runs on its new machine, and only to machines that \
            take it. A unit that no other machine takes stays, and drain says why and ends with 1. Global units stay \
            as well. The machine takes units again after fleetctl undrain; without arguments, the machines that are \
            being drained are listed.

            Example: fleetctl drain 5a1e9c20
            """,
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Argument(help: "Beginnings of machine ids.")
    var machines: [String] = []

    func run() async throws {
        let (machines, wait) = (machines, block.policy)
        try await Session.run(global) { context in
            let operations = ClusterOperations(context, wait: wait)
            return try await machines.isEmpty ? operations.listDrains() : operations.drain(machines)
        }
    }
}
