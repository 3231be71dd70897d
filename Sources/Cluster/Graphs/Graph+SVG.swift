extension Graph {
    private struct Frame {
        var x: Int
        var y: Int
        var width: Int
        var height: Int
        var column: Int
    }

    private static let margin = 24
    private static let gap = (column: 84, row: 12)
    private static let line = 15
    private static let heading = 26

    /// The graph as a picture.
    var svg: String {
        var frames: [String: Frame] = [:]
        var columns: [Frame] = []
        var left = Self.margin
        for (index, group) in groups.enumerated() {
            let widths = group.vertices.flatMap { [$0.title] + $0.lines }.map(SVG.width) + [SVG.width(of: group.title)]
            let width = (widths.max() ?? 0) + 20
            let begin = Self.margin + Self.heading
            var top = begin + (group.title.isEmpty ? 0 : Self.heading)
            for vertex in group.vertices {
                let height = 14 + Self.line * (1 + vertex.lines.count)
                frames[vertex.id] = Frame(x: left, y: top, width: width, height: height, column: index)
                top += height + Self.gap.row
            }
            columns.append(Frame(x: left, y: begin, width: width, height: top - begin, column: index))
            left += width + Self.gap.column
        }
        let bottom = columns.map { $0.y + $0.height }.max() ?? Self.margin
        let width = max(left - Self.gap.column, SVG.width(of: title) + Self.margin) + Self.margin
        var svg = SVG(title, width: width, height: bottom + Self.margin)
        svg.text(title, x: Self.margin, y: Self.margin + 4, "head")
        for (group, frame) in zip(groups, columns) where !group.title.isEmpty {
            svg.rectangle(x: frame.x - 10, y: frame.y, width: frame.width + 20, height: frame.height, "group")
            svg.text(group.title, x: frame.x, y: frame.y + 18, "name")
        }
        for edge in edges {
            guard let from = frames[edge.from], let to = frames[edge.to] else { continue }
            draw(edge, from: from, to: to, on: &svg)
        }
        for vertex in vertices {
            guard let frame = frames[vertex.id] else { continue }
            let tone = vertex.tone == .plain ? "" : " \(vertex.tone.rawValue)"
            svg.rectangle(x: frame.x, y: frame.y, width: frame.width, height: frame.height, "box\(tone)")
            svg.text(vertex.title, x: frame.x + 10, y: frame.y + 18, "name")
            for (index, line) in vertex.lines.enumerated() {
                svg.text(line, x: frame.x + 10, y: frame.y + 18 + Self.line * (index + 1), "dim")
            }
        }
        return svg.document
    }

    private func draw(_ edge: Edge, from: Frame, to: Frame, on svg: inout SVG) {
        let ends = (from: from.y + from.height / 2, to: to.y + to.height / 2)
        let (left, right) = (from.column < to.column, from.column > to.column)
        // Within a column both ends are on the right.
        let source = (x: right ? from.x : from.x + from.width, y: ends.from)
        let target = (x: left ? to.x : to.x + to.width, y: ends.to)
        let reach = max(Self.gap.column / 2, left || right ? abs(target.x - source.x) / 2 : 0)
        let bends = (from: right ? -reach : reach, to: left ? -reach : reach)
        svg.arrow(from: source, to: target, bends: bends, edge.isWeak ? "edge weak" : "edge", hint: edge.label)
    }
}
