import ArgumentParser

struct UnitList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-units",
        abstract: "Show what systemd says of every unit, on every machine.",
        discussion: """
            Fields: unit, machine, active, sub, load, hash, reason. With reason, units that are wanted and on no machine \
            are listed, too, and say why.
            """,
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var list: ListOptions

    @Option(help: "The columns, separated by commas.")
    var fields = "unit,machine,active,sub"

    func run() async throws {
        let (style, isJSON) = (list.style(fields), list.json)
        try await Session.run(global) { context in
            try await ListOperations(context: context, style: style, isJSON: isJSON).listUnits()
            return 0
        }
    }
}
