extension Graph {
    /// The graph in Graphviz's language.
    var dot: String {
        var lines = [
            "digraph \(Self.quoted(title)) {",
            "  graph [rankdir=LR, label=\(Self.quoted(title)), labelloc=t, fontname=\"sans-serif\"];",
            "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];",
            "  edge [fontname=\"sans-serif\", fontsize=9];",
        ]
        for (index, group) in groups.enumerated() {
            let isNamed = !group.title.isEmpty
            if isNamed {
                lines.append("  subgraph cluster_\(index) {")
                lines.append("    label=\(Self.quoted(group.title));")
            }
            for vertex in group.vertices {
                let label = Self.quoted(([vertex.title] + vertex.lines).joined(separator: "\n"))
                let color = vertex.tone == .plain ? "" : ", color=\(vertex.tone.color)"
                lines.append("  \(isNamed ? "  " : "")\(Self.quoted(vertex.id)) [label=\(label)\(color)];")
            }
            if isNamed { lines.append("  }") }
        }
        for edge in edges {
            var attributes = edge.label.isEmpty ? [] : ["label=\(Self.quoted(edge.label))"]
            if edge.isWeak { attributes.append("style=dashed") }
            let list = attributes.isEmpty ? "" : " [\(attributes.joined(separator: ", "))]"
            lines.append("  \(Self.quoted(edge.from)) -> \(Self.quoted(edge.to))\(list);")
        }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    /// A quoted ID of the language, in which a backslash begins an escape of labels.
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}
