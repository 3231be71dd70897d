extension Graph {
    /// The graph as a flowchart in Mermaid's language.
    var mermaid: String {
        // Its own names for vertices: a name of a unit or step may be a word of the language.
        let names = Dictionary(vertices.enumerated().map { ($1.id, "n\($0)") }) { first, _ in first }
        var lines = ["---", "title: \(Self.quoted(title))", "---", "flowchart LR"]
        for (index, group) in groups.enumerated() where !group.vertices.isEmpty {
            let isNamed = !group.title.isEmpty
            if isNamed { lines.append("  subgraph g\(index)[\(Self.quoted(group.title))]") }
            for vertex in group.vertices {
                let label = Self.quoted(([vertex.title] + vertex.lines).joined(separator: "\n"))
                let tone = vertex.tone == .plain ? "" : ":::\(vertex.tone.rawValue)"
                lines.append("  \(isNamed ? "  " : "")\(names[vertex.id] ?? vertex.id)[\(label)]\(tone)")
            }
            if isNamed { lines.append("  end") }
        }
        for edge in edges {
            guard let from = names[edge.from], let to = names[edge.to] else { continue }
            let arrow = edge.isWeak ? "-.->" : "-->"
            lines.append("  \(from) \(arrow)\(edge.label.isEmpty ? "" : "|\(Self.quoted(edge.label))|") \(to)")
        }
        lines += Tone.allCases.filter { $0 != .plain }.map { "  classDef \($0.rawValue) stroke:\($0.color)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A quoted text, in which HTML's characters stand as entities, and a line's end as an element.
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("&", with: "&amp;").replacing("\"", with: "&quot;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\n", with: "<br/>")
        return "\"\(escaped)\""
    }
}
