import ArgumentParser
import Diagnostics
import Reporting
import Topology
import TopologyLoading

struct ClusterValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a topology file and its units; touches nothing.",
        discussion: "Every mistake is shown at once, with its place and what was probably meant. Exit code 1 on errors.",
    )

    @Argument(help: "The topology file.")
    var file: String
    @OptionGroup var output: JSONOption

    struct Payload: Encodable {
        var file: String
        var valid: Bool
        var name: String?
        var nodes: Int?
        var units: Int?
        var diagnostics: [Diagnostic]
    }

    func run() async throws {
        let argument = ClusterArgument(file)
        let loaded = try argument.load()
        let valid = loaded.topology != nil && !loaded.diagnostics.hasErrors
        if output.json {
            let payload = Payload(
                file: try argument.path(),
                valid: valid,
                name: loaded.topology?.name,
                nodes: loaded.topology?.nodeCount,
                units: loaded.topology?.units.count,
                diagnostics: loaded.diagnostics.inReadingOrder,
            )
            try Output.json(payload)
        } else {
            Diagnosing.show(loaded.diagnostics, sources: loaded.sources)
            if valid, let topology = loaded.topology {
                let nodes = Format.count(topology.nodeCount, "node")
                let units = Format.count(topology.units.count, "unit")
                Output.print("\(try argument.path()) is valid: cluster \(topology.name), \(nodes), \(units).")
            }
        }
        guard valid else { throw ExitCode.failure }
    }
}
