import ArgumentParser
import Basics
import Graphs

/// Form of a picture, and where it goes.
struct GraphOptions: ParsableArguments {
    @Option(help: "text, svg, dot (for Graphviz) or mermaid (for Markdown).")
    var format = GraphFormat.text
    @Option(
        name: [.customLong("output"), .customShort("o")],
        help: ArgumentHelp("Write to a file.", valueName: "file")
    )
    var file: String?

    func write(_ graph: Graph) throws {
        let text = graph.formatted(format)
        guard let file else { return Output.print(text) }
        try AtomicFile.write(Array(text.utf8), to: file, mode: 0o644)
    }
}

extension GraphFormat: ExpressibleByArgument {}
