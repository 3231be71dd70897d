import ArgumentParser

struct MachineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-machines",
        abstract: "Show the machines of the cluster.",
        discussion: "Fields: machine, ip, metadata.",
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var list: ListOptions

    @Option(help: "The columns, separated by commas.")
    var fields = "machine,ip,metadata"

    func run() async throws {
        let (style, isJSON) = (list.style(fields), list.json)
        try await Session.run(global) { context in
            try await ListOperations(context: context, style: style, isJSON: isJSON).listMachines()
            return 0
        }
    }
}
