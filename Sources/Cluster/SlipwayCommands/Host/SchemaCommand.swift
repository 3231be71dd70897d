import ArgumentParser
import Chaos
import CloudConfig
import TopologyLoading

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of topology files, of cloud-configs or of chaos scenarios, for editors.",
        discussion: """
            With the YAML language server, a topology finds it by its first line:
              # yaml-language-server: $schema=topology.schema.json
            """,
    )

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case topology
        case cloudConfig = "cloud-config"
        case chaos
    }

    @Argument(help: "What the schema is of: topology, cloud-config or chaos (scenarios).")
    var kind: Kind

    func run() throws {
        switch kind {
        case .topology: try Output.json(TopologySchema.jsonSchema)
        case .cloudConfig: try Output.json(CloudConfig.jsonSchema)
        case .chaos: try Output.json(ScenarioSchema.jsonSchema)
        }
    }
}
