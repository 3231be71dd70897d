import Basics
import FleetState
import HummingbirdCore
import NIOCore
import Planning
import Provisioning
import Terminal

/// Answers to the page's requests.
struct DashboardService: Sendable {
    /// Answer with a status, a type and a body.
    struct Answer: Sendable {
        var status = 200
        var type = "application/json"
        var body: ResponseBody
        /// True for one that goes on until the client leaves.
        var isStream = false

        static func text(_ text: String, type: String = "application/json", status: Int = 200) -> Answer {
            Answer(status: status, type: type, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }

    /// Time between two messages to one page, which is enough for an eye.
    private static let pause = Duration.milliseconds(40)

    let source: any DashboardSource
    let feed: DashboardFeed

    /// - Returns: nil for a path that there is not.
    func respond(to path: String, _ query: [String: String]) async throws -> Answer? {
        if let file = PageFile.all[path] {
            return Answer(type: file.type, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
        }
        let (cluster, name) = (query["cluster"] ?? "", query["name"] ?? "")
        switch path {
        case "/events": return Answer(type: ServerEvents.type, body: events(), isStream: true)
        case "/journal": return Answer(type: ServerEvents.type, body: journal(of: name, in: cluster), isStream: true)
        case "/state": return .text(try JSONText.line(WholeState(try await state())))
        case "/unit": return .text(try JSONText.line(try unit(name, in: cluster)))
        case "/load": return Answer(type: ServerEvents.type, body: load(of: name, in: cluster), isStream: true)
        case "/plan": return .text(try JSONText.line(try await source.plan(of: cluster)))
        case "/history": return .text(try JSONText.line(try await source.history(of: cluster)))
        case "/metrics":
            let type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
            return .text(try await source.metrics(), type: type)
        default: return nil
        }
    }

    private func state() async throws -> DashboardState {
        let limit = Duration.seconds(25)
        let state = try await withDeadline(limit) { [feed] () async throws -> DashboardState? in
            try await feed.watching { states in
                for await state in states { return state }
                return nil
            }
        }
        guard let state, let state else { throw DashboardError("libvirt has not answered within \(limit)") }
        return state
    }

    private func unit(_ name: String, in cluster: String) throws -> UnitDocument {
        guard let look = feed.look(of: cluster), let fleet = look.fleet else {
            throw DashboardError("fleet of \(cluster) is not known now")
        }
        let nodes = look.observation.provider.nodes(of: cluster).map {
            (Identity.machineID(cluster: cluster, node: $0.name), $0.name)
        }
        let names = Dictionary(nodes) { first, _ in first }
        guard let unit = UnitDocument(name, in: fleet, names: names) else {
            throw DashboardError("there is no unit \(name) in \(cluster)")
        }
        return unit
    }

    // MARK: Streams

    private func events() -> ResponseBody {
        ResponseBody { [feed] writer in
            var shown: DashboardState?
            try await feed.watching { states in
                for await state in states {
                    if let before = shown {
                        guard let change = StateChange(from: before, to: state) else {
                            try await writer.write(ServerEvents.beat)
                            continue
                        }
                        try await writer.write(try ServerEvents.event("change", change))
                    } else {
                        try await writer.write(try ServerEvents.event("all", WholeState(state)))
                    }
                    shown = state
                    try await Task.sleep(for: Self.pause)
                }
            }
        }
    }

    private func journal(of node: String, in cluster: String) -> ResponseBody {
        stream("line") { [source] in try await source.journal(of: node, in: cluster) }
    }

    private func load(of node: String, in cluster: String) -> ResponseBody {
        stream("load") { [source] in try await source.load(of: node, in: cluster) }
    }

    /// Events of one kind, and at last one that says why there are no more.
    private func stream<Document: Encodable & Sendable>(
        _ name: String,
        _ documents: @escaping @Sendable () async throws -> AsyncThrowingStream<Document, any Error>,
    ) -> ResponseBody {
        ResponseBody { writer in
            do {
                for try await document in try await documents() {
                    try await writer.write(try ServerEvents.event(name, document))
                }
                try await writer.write(try ServerEvents.event("end", "the node has ended it"))
            } catch let error where !(error is CancellationError) {
                try await writer.write(try ServerEvents.event("end", "\(error)"))
            }
            try await writer.finish(nil)
        }
    }
}
