/// Lines of Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/
package struct MetricsText: Sendable {
    /// All lines so far, each with its newline.
    package private(set) var lines = ""
    private var name = ""

    package init() {}

    /// Begins a metric, of which the samples follow.
    ///
    /// - Parameter type: `counter`, `gauge` or `summary`.
    package mutating func family(_ name: String, _ type: String, _ help: String) {
        self.name = name
        lines += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// Adds a sample of the metric that was begun last.
    package mutating func sample(_ labels: [String: String], _ value: Int) { add(labels, "\(value)") }

    /// Adds a sample of the metric that was begun last.
    package mutating func sample(_ labels: [String: String], _ value: Double) { add(labels, "\(value)") }

    private mutating func add(_ labels: [String: String], _ value: String) {
        let text = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
        lines += "\(name)\(text.isEmpty ? "" : "{\(text.joined(separator: ","))}") \(value)\n"
    }

    /// Adds the count and the sum, in seconds, of the summary that was begun last.
    package mutating func summary(count: Int, sum: Duration) {
        let microseconds = sum / .microseconds(1)
        lines += "\(name)_sum \((microseconds.rounded()) / 1_000_000)\n\(name)_count \(count)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
