import HummingbirdCore
import NIOCore
import Terminal

/// Events of a stream that a page listens to. https://html.spec.whatwg.org/multipage/server-sent-events.html
enum ServerEvents {
    static let type = "text/event-stream; charset=utf-8"

    /// A line that says nothing, by which both sides find out that the other is gone.
    static let beat = ByteBuffer(string: ": \n\n")

    /// An event with a document; JSON on one line needs no further quoting.
    static func event(_ name: String, _ document: some Encodable) throws -> ByteBuffer {
        ByteBuffer(string: "event: \(name)\ndata: \(try JSONText.line(document))\n\n")
    }
}

/// Everything, as a page gets it first.
struct WholeState: Encodable {
    var clusters: [ClusterDocument]
    var events: [DashboardEvent]
    var trouble: String?
    /// True where a page may have something done.
    var mayWrite: Bool

    init(_ state: DashboardState, mayWrite: Bool) {
        self.mayWrite = mayWrite
        clusters = state.clusters.values.sorted { $0.cluster < $1.cluster }
        (events, trouble) = (state.events, state.trouble)
    }
}

/// What has changed since a page was told last.
struct DashboardChange: Encodable {
    /// Clusters that are new.
    var clusters: [ClusterDocument] = []
    /// Clusters that are not as they were.
    var changes: [ClusterDelta] = []
    /// Names of clusters that are gone.
    var gone: [String] = []
    var events: [DashboardEvent] = []
    var trouble: String?

    /// Nil where nothing has changed.
    init?(from old: DashboardState, to new: DashboardState) {
        guard old != new else { return nil }
        for (name, document) in new.clusters.sorted(by: { $0.key < $1.key }) {
            guard let before = old.clusters[name] else {
                clusters.append(document)
                continue
            }
            if let delta = ClusterDelta(from: before, to: document) { changes.append(delta) }
        }
        gone = old.clusters.keys.filter { new.clusters[$0] == nil }.sorted()
        let last = old.events.last?.number ?? 0
        events = new.events.filter { $0.number > last }
        trouble = new.trouble
    }
}
