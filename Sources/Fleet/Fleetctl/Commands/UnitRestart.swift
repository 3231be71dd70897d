import ArgumentParser

struct UnitRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop units and start them again where they are.",
        discussion: "Example: fleetctl restart hello 'web@*'",
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Argument(help: "Names of units, or patterns with * ? [ ].", completion: .units)
    var units: [String] = []

    func run() async throws {
        let (units, wait) = (units, block.policy)
        try await Session.run(global) { context in
            if units.isEmpty { return UnitOperations(context).noUnitsGiven() }
            return try await UnitOperations(context, wait: wait).restart(units)
        }
    }
}
