import ArgumentParser
import Scheduling
import UnitFiles

struct UnitLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Place units on machines, without starting them.",
        discussion: """
            What fleet does not know is submitted first: from the unit's file, or from its template.
            Example: fleetctl load hello.service web@1 web@2
            """,
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Flag(help: "Put the file in the place of a unit that has another content.")
    var replace = false

    @Flag(help: .hidden)
    var sign = false

    @Argument(
        help: "Units: names, paths of unit files, or instances of a template.",
        completion: .units,
    )
    var units: [String] = []

    func run() async throws {
        let (units, wait, replaces) = (units, block.policy, replace)
        try await Session.run(global) { context in
            if units.isEmpty { return UnitOperations(context).noUnitsGiven() }
            return try await UnitOperations(context, wait: wait, replaces: replaces).raise(units, to: .loaded)
        }
    }
}
