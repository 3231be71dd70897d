import ArgumentParser
import Basics
import Graphs

/// Form of a picture, and where it goes.
struct GraphOptions: ParsableArguments {
    @Option(help: "text, svg, dot (for Graphviz) or mermaid (for Markdown).")
    var format = GraphFormat.text
    @OptionGroup var target: FileOption

    func write(_ graph: Graph) throws { try target.write(graph.formatted(format)) }
}

extension GraphFormat: ExpressibleByArgument {}

/// File to write to instead of standard output; it is replaced as a whole.
struct FileOption: ParsableArguments {
    @Option(
        name: [.customLong("output"), .customShort("o")],
        help: ArgumentHelp("Write to a file.", valueName: "file")
    )
    var file: String?

    func write(_ text: String) throws {
        guard let file else { return Output.print(text) }
        try AtomicFile.write(text, to: file)
    }
}
