/// Lines of Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/
package struct MetricsText: Sendable {
    private struct Family {
        var name: String
        var lines: String
    }

    private var families: [Family] = []
    private var current = 0

    package init() {}

    /// All lines so far, each with its newline.
    package var lines: String { families.map(\.lines).joined() }

    /// Begins a metric, of which the samples follow, or goes on with it: its samples have to be together.
    ///
    /// - Parameter type: `counter`, `gauge` or `summary`.
    package mutating func family(_ name: String, _ type: String, _ help: String) {
        if let known = families.firstIndex(where: { $0.name == name }) {
            current = known
            return
        }
        current = families.count
        let head = "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        families.append(Family(name: name, lines: head))
    }

    /// Adds a sample of the metric that was begun last.
    package mutating func sample(_ labels: [String: String], _ value: Int) { add(labels, "\(value)") }

    /// Adds a sample of the metric that was begun last.
    package mutating func sample(_ labels: [String: String], _ value: Double) { add(labels, "\(value)") }

    private mutating func add(_ labels: [String: String], _ value: String) {
        let text = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
        add("\(text.isEmpty ? "" : "{\(text.joined(separator: ","))}") \(value)")
    }

    /// Adds a line, which begins with the name of the metric that was begun last.
    private mutating func add(_ line: String) {
        guard families.indices.contains(current) else { return }
        families[current].lines += families[current].name + line + "\n"
    }

    /// Adds the count and the sum, in seconds, of the summary that was begun last.
    package mutating func summary(count: Int, sum: Duration) {
        let microseconds = sum / .microseconds(1)
        add("_sum \(microseconds.rounded() / 1_000_000)")
        add("_count \(count)")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
