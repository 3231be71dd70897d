import ArgumentParser
import FleetAPI
import UnitFiles

struct UnitCat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print the unit files that fleet has.",
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Names of units.", completion: .units)
    var units: [String]

    func run() async throws {
        let units = units
        try await Session.run(global) { context in
            for name in units.map(UnitName.completed) {
                guard let unit = try await context.client.unit(name) else {
                    throw FleetctlError(.notFound, "unit \(name) does not exist")
                }
                context.console.emit(unit.file.canonicalText)
            }
            return 0
        }
    }
}
