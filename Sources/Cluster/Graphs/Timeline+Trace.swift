import Planning

/// Document in Chrome's trace format, which chrome://tracing and https://ui.perfetto.dev show.
///
/// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
package struct TraceDocument: Encodable {
    /// An event of the format; times are in microseconds.
    struct Event: Encodable {
        var name: String
        /// Kind: `X` for something that lasts, `M` for the name of a thread.
        var ph: String
        var ts: Int64 = 0
        var dur: Int64?
        var pid = 1
        var tid: Int
        var args: [String: String]
    }

    var traceEvents: [Event] = []
    var displayTimeUnit = "ms"

    /// The steps of a run, a thread for each node and one for the cluster's own.
    package init(_ timeline: Timeline) {
        let path = Set(timeline.criticalPath)
        var threads: [String: Int] = [:]
        for (index, bar) in timeline.bars.enumerated() {
            let lane = Self.lane(of: bar.id.description)
            let thread = threads[lane] ?? threads.count
            if threads[lane] == nil {
                threads[lane] = thread
                traceEvents.append(Event(name: "thread_name", ph: "M", tid: thread, args: ["name": lane]))
            }
            let end = bar.end ?? timeline.length
            let args = [
                "step": bar.id.description, "outcome": bar.outcome?.rawValue ?? "under way",
                "critical": path.contains(index) ? "yes" : "no",
            ]
            add(bar.title, from: bar.begin, to: end, thread, args)
            for (place, phase) in bar.phases.enumerated() {
                let next = place + 1 < bar.phases.count ? bar.phases[place + 1].begin : end
                add(phase.text, from: phase.begin, to: next, thread, ["step": bar.id.description])
            }
        }
    }

    private mutating func add(_ name: String, from: Duration, to: Duration, _ thread: Int, _ args: [String: String]) {
        let begin = Int64(from / .microseconds(1))
        let length = max(1, Int64(to / .microseconds(1)) - begin)
        traceEvents.append(Event(name: name, ph: "X", ts: begin, dur: length, tid: thread, args: args))
    }

    /// `worker-1` of `node/worker-1/create`.
    private static func lane(of step: String) -> String {
        let parts = step.split(separator: "/")
        return parts.count > 2 && parts[0] == "node" ? String(parts[1]) : "cluster"
    }
}
