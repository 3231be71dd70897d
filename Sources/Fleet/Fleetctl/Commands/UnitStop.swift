import ArgumentParser

struct UnitStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop units, leaving them on their machines.",
        discussion: "Example: fleetctl stop hello 'web@*'",
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Argument(help: "Names of units, or patterns with * ? [ ].", completion: .units)
    var units: [String] = []

    func run() async throws {
        let (units, wait) = (units, block.policy)
        try await Session.run(global) { context in
            if units.isEmpty { return UnitOperations(context).noUnitsGiven() }
            return try await UnitOperations(context, wait: wait).stop(units)
        }
    }
}
