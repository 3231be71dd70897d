extension Graph {
    /// The graph as lines for a terminal: groups with their vertices, and under each vertex where its edges lead.
    var text: String {
        let names = Dictionary(vertices.map { ($0.id, $0.name ?? $0.title) }) { first, _ in first }
        let outgoing = Dictionary(grouping: edges, by: \.from)
        var lines = [title]
        let shown = groups.filter { !$0.vertices.isEmpty }
        for (index, group) in shown.enumerated() {
            let isLast = index == shown.count - 1
            lines.append((isLast ? "└─ " : "├─ ") + (group.title.isEmpty ? "\(index + 1)" : group.title))
            for (place, vertex) in group.vertices.enumerated() {
                let stem = (isLast ? "   " : "│  ") + (place == group.vertices.count - 1 ? "└─ " : "├─ ")
                let name = vertex.name.map { "\($0): " } ?? ""
                lines.append(
                    stem + name + ([vertex.title] + vertex.lines).joined(separator: ", ") + targets(of: vertex)
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"

        func targets(of vertex: Vertex) -> String {
            let found = (outgoing[vertex.id] ?? []).filter { !$0.isWeak }.map { edge in
                (names[edge.to] ?? edge.to) + (edge.label.isEmpty ? "" : " (\(edge.label))")
            }
            return found.isEmpty ? "" : " → " + found.joined(separator: ", ")
        }
    }
}
