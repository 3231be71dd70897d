/// A row of figures as a picture one line high.
package enum Sparkline {
    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// The last figures, one character each: a bar for a figure, `×` for one that is missing.
    ///
    /// - Parameters:
    ///   - values: figures, the oldest first; nil for one that could not be had.
    ///   - width: characters; where there are fewer figures, the rest is blank at the left.
    ///   - most: figure of the highest bar at least, so that little noise does not look like much.
    package static func text(_ values: [Double?], width: Int, most: Double) -> String {
        let shown = values.suffix(max(width, 0))
        let top = max(most, shown.compactMap { $0 }.max() ?? 0)
        let line = shown.map { value -> Character in
            guard let value else { return "×" }
            guard top > 0, value > 0 else { return bars[0] }
            return bars[min(bars.count - 1, Int(value / top * Double(bars.count - 1) + 0.5))]
        }
        return String(repeating: " ", count: max(0, width - line.count)) + String(line)
    }
}
