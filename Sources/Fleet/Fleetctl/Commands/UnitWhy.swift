import ArgumentParser

struct UnitWhy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Show why a unit is where it is, or on no machine: what each machine says to it.",
        discussion: "Ends with 1 when the unit is wanted and on no machine. Example: fleetctl why web@3",
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: [.long, .customShort("l")], help: "Show ids in full.")
    var full = false

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "The name of a unit.", completion: .units)
    var unit: String

    func run() async throws {
        let (unit, isFull, isJSON) = (unit, full, json)
        try await Session.run(global) { context in
            try await ListOperations(context: context, style: ListStyle(fields: "", isFull: isFull), isJSON: isJSON)
                .explain(unit)
        }
    }
}
