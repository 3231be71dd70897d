import Planning

extension Timeline {
    private static let row = 22
    private static let chart = 820
    private static let margin = 24

    /// The run as a picture: a bar a step, its phases marked in it, those of the critical path in a stronger color.
    package var svg: String {
        let longest = bars.map { SVG.width(of: $0.title) }.max() ?? 0
        let left = Self.margin + min(longest, 380) + 16
        let top = 64
        let path = Set(criticalPath)
        let scale = Double(Self.chart) / max(length / .seconds(1), 0.001)
        func x(_ time: Duration) -> Int { left + Int(time / .seconds(1) * scale) }
        let bottom = top + bars.count * Self.row
        var svg = SVG(title, width: left + Self.chart + 90, height: bottom + 56)
        svg.text(title, x: Self.margin, y: 28, "head")
        for tick in ticks {
            svg.tick(x: x(tick), from: top - 8, to: bottom)
            svg.text(Self.seconds(tick), x: x(tick) + 3, y: top - 10, "dim")
        }
        for (index, bar) in bars.enumerated() {
            let y = top + index * Self.row
            let end = bar.end ?? length
            svg.text(bar.title.count > 54 ? bar.title.prefix(53) + "…" : bar.title, x: Self.margin, y: y + 14)
            let tone = bar.outcome == .done ? (path.contains(index) ? "on" : "bar") : "wrong"
            let hint = "\(bar.title): \(Self.seconds(end - bar.begin))"
            let width = max(2, x(end) - x(bar.begin))
            svg.rectangle(x: x(bar.begin), y: y + 3, width: width, height: Self.row - 7, tone, hint: hint)
            for (place, phase) in bar.phases.enumerated() where place % 2 == 1 {
                let until = place + 1 < bar.phases.count ? bar.phases[place + 1].begin : end
                svg.rectangle(
                    x: x(phase.begin),
                    y: y + 3,
                    width: max(1, x(until) - x(phase.begin)),
                    height: Self.row - 7,
                    "phase",
                    hint: "\(phase.text): \(Self.seconds(until - phase.begin))",
                )
            }
            svg.text(Self.seconds(end - bar.begin), x: x(bar.begin) + width + 5, y: y + 14, "dim")
        }
        let names = criticalPath.map { bars[$0].id.description }.joined(separator: " → ")
        svg.text("\(Self.seconds(length)) in all; the longest chain: \(names)", x: Self.margin, y: bottom + 30, "dim")
        return svg.document
    }

    /// Five to ten times of round numbers.
    private var ticks: [Duration] {
        let whole = max(length / .seconds(1), 0.001)
        var step = 0.001
        // 1, 2, 5, 10 and so on.
        for place in 0..<21 where whole / step > 10 { step *= [2, 2.5, 2][place % 3] }
        return (0...Int(whole / step)).map { .seconds(Double($0) * step) }
    }

    /// `1.25 s`.
    private static func seconds(_ time: Duration) -> String {
        let milliseconds = Int((time / .milliseconds(1)).rounded())
        guard milliseconds >= 1000 else { return "\(milliseconds) ms" }
        let hundredths = (milliseconds + 5) / 10
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }
}
