import ArgumentParser

struct UnitFileList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-unit-files",
        abstract: "Show the units fleet knows, and what it wants of them.",
        discussion: "Fields: unit, hash, dstate, state, target, tmachine, global, desc, reason.",
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var list: ListOptions

    @Option(help: "The columns, separated by commas.")
    var fields = "unit,hash,dstate,state,target"

    func run() async throws {
        let (style, isJSON) = (list.style(fields), list.json)
        try await Session.run(global) { context in
            try await ListOperations(context: context, style: style, isJSON: isJSON).listUnitFiles()
            return 0
        }
    }
}
