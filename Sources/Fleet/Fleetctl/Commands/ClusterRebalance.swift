import ArgumentParser

struct ClusterRebalance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalance",
        abstract: "Move units to machines with less load, one after the other.",
        discussion: """
            once: until the load is as even as it can be. automatic: from now on, whenever it is not, as after a machine \
            has joined or come back. off: never, as it is at first. Without an argument the present mode is shown. A \
            unit moves only when its machine has more load than the other one will have, and when the one before runs.
            """,
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Argument(help: "once, automatic or off.")
    var mode: String?

    func run() async throws {
        let (mode, wait) = (mode, block.policy)
        if let mode, !["once", "automatic", "off"].contains(mode) {
            throw FleetctlError(.usage, "\(mode) is not a rebalance mode; expected once, automatic or off")
        }
        try await Session.run(global) { context in
            try await ClusterOperations(context, wait: wait).rebalance(mode)
        }
    }
}
