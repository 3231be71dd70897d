/// Vertices in columns and edges between them: a cluster, or the steps of a plan.
package struct Graph: Sendable, Hashable {
    /// State of what a vertex stands for.
    package enum Tone: String, Sendable, Hashable, CaseIterable {
        /// Nothing is known of it, or there is nothing to know.
        case plain
        /// It is as it should be.
        case good
        /// It is on its way.
        case busy
        /// It is not as it should be, or goes.
        case bad
    }

    /// A box with a title and lines of text.
    package struct Vertex: Sendable, Hashable {
        /// Unique in the graph.
        package var id: String
        /// First line.
        package var title: String
        /// Further lines.
        package var lines: [String]
        /// State of what it stands for.
        package var tone: Tone
        /// Name by which text refers to it; nil where that is its title.
        package var name: String?

        package init(_ id: String, title: String, lines: [String] = [], tone: Tone = .plain, name: String? = nil) {
            (self.id, self.title, self.lines, self.tone, self.name) = (id, title, lines, tone, name)
        }
    }

    /// Vertices that belong together: a column of a picture.
    package struct Group: Sendable, Hashable {
        /// Heading; empty for none.
        package var title: String
        /// In their order.
        package var vertices: [Vertex]

        package init(_ title: String = "", _ vertices: [Vertex]) {
            (self.title, self.vertices) = (title, vertices)
        }
    }

    /// An arrow between two vertices.
    package struct Edge: Sendable, Hashable {
        /// ID of the vertex where it begins.
        package var from: String
        /// ID of the vertex where it ends.
        package var to: String
        /// Text beside it; empty for none.
        package var label: String
        /// Drawn as a broken line.
        package var isWeak: Bool

        package init(_ from: String, _ to: String, label: String = "", isWeak: Bool = false) {
            (self.from, self.to, self.label, self.isWeak) = (from, to, label, isWeak)
        }
    }

    /// Heading of all of it.
    package var title: String
    /// Columns, from left to right.
    package var groups: [Group]
    /// Arrows, in no particular order.
    package var edges: [Edge]

    package init(_ title: String, groups: [Group], edges: [Edge]) {
        (self.title, self.groups, self.edges) = (title, groups, edges)
    }

    /// Vertices of all groups.
    package var vertices: [Vertex] { groups.flatMap(\.vertices) }
}

/// Form in which a graph is written.
package enum GraphFormat: String, Sendable, Hashable, CaseIterable {
    /// A tree of lines for a terminal.
    case text
    /// A picture by itself, with no font or style from elsewhere. https://www.w3.org/TR/SVG2/
    case svg
    /// For Graphviz. https://graphviz.org/doc/info/lang.html
    case dot
    /// For Markdown on GitHub and elsewhere. https://mermaid.js.org/syntax/flowchart.html
    case mermaid
}

extension Graph {
    /// Returns the graph in a form, with a final newline.
    package func formatted(_ format: GraphFormat) -> String {
        switch format {
        case .text: text
        case .svg: svg
        case .dot: dot
        case .mermaid: mermaid
        }
    }
}

extension Graph.Tone {
    /// Name of a color that Graphviz and Mermaid have.
    var color: String {
        switch self {
        case .plain: "gray"
        case .good: "forestgreen"
        case .busy: "goldenrod"
        case .bad: "crimson"
        }
    }
}
