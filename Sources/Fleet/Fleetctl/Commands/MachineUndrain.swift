import ArgumentParser

struct MachineUndrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "Let machines that were drained take units again.",
        discussion: """
            Units that have left do not return by themselves; see fleetctl rebalance.
            """,
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Argument(help: "Beginnings of machine ids.")
    var machines: [String]

    func run() async throws {
        let (machines, wait) = (machines, block.policy)
        try await Session.run(global) { context in
            try await ClusterOperations(context, wait: wait).undrain(machines)
        }
    }
}
