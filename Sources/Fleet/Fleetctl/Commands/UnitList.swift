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

    @Flag(help: "Show the list again whenever it changes, until interrupted.")
    var watch = false

    @Option(help: "The columns, separated by commas.")
    var fields = "unit,machine,active,sub"

    func run() async throws {
        let (style, isJSON, watches) = (list.style(fields), list.json, watch)
        try await Session.run(global) { context in
            let lists = ListOperations(context: context, style: style, isJSON: isJSON)
            if watches {
                try await lists.watchUnits(isTerminal: Console.isTerminal)
            } else {
                try await lists.listUnits()
            }
            return 0
        }
    }
}
