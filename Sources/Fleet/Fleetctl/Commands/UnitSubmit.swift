import ArgumentParser

struct UnitSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Make units known to fleet, without placing them.",
        discussion: "Example: fleetctl submit hello.service units/web@.service",
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Flag(help: "Put the file in the place of a unit that has another content.")
    var replace = false

    @Flag(help: .hidden)
    var sign = false

    @Argument(help: "Paths of unit files, or instances of a template.", completion: .file())
    var units: [String] = []

    func run() async throws {
        let (units, wait, replaces) = (units, block.policy, replace)
        try await Session.run(global) { context in
            if units.isEmpty { return UnitOperations(context).noUnitsGiven() }
            _ = try await UnitOperations(context, wait: wait, replaces: replaces).submit(units)
            return 0
        }
    }
}
