import Basics
import FleetState
import FoundationEssentials
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
    /// Commands that pages have begun; nil where a page may only look.
    let runs: DashboardRuns?

    /// - Parameter body: of a request that asks for something to be done.
    /// - Returns: nil for a path that there is not.
    func respond(to path: String, _ query: [String: String], _ body: ByteBuffer) async throws -> Answer? {
        if let file = PageFile.all[path] {
            // Clusters are looked at while the browser reads what shows them.
            if path == "/" { feed.prepare() }
            return Answer(type: file.type, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
        }
        let (cluster, name) = (query["cluster"] ?? "", query["name"] ?? "")
        switch path {
        case "/events": return Answer(type: ServerEvents.type, body: events(), isStream: true)
        case "/journal": return Answer(type: ServerEvents.type, body: journal(of: name, in: cluster), isStream: true)
        case "/state": return .text(try JSONText.line(WholeState(try await state(), mayWrite: runs != nil)))
        case "/unit": return .text(try JSONText.line(try unit(name, in: cluster)))
        case "/load": return Answer(type: ServerEvents.type, body: load(of: name, in: cluster), isStream: true)
        case "/uses": return .text(try JSONText.line(try await source.uses(of: cluster)))
        case "/plan": return .text(try JSONText.line(try await source.plan(of: cluster)))
        case "/history": return .text(try JSONText.line(try await source.history(of: cluster)))
        case "/metrics":
            let type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
            return .text(try await source.metrics(), type: type)
        default: return try runs.flatMap { try respond(to: path, query, body, $0) }
        }
    }

    /// Answers to what has something done.
    private func respond(
        to path: String,
        _ query: [String: String],
        _ body: ByteBuffer,
        _ runs: DashboardRuns,
    ) throws -> Answer? {
        switch path {
        case "/prepare": return .text(try JSONText.line(PreparedCommand(try words(body))))
        case "/run": return .text(try JSONText.line(BegunCommand(number: runs.begin(try words(body)))))
        case "/output":
            let messages = try runs.messages(of: Int(query["run"] ?? "") ?? 0)
            return Answer(type: ServerEvents.type, body: output(messages), isStream: true)
        case "/answer":
            let reply = try decoded(CommandReply.self, body)
            try runs.answer(reply.run, reply.yes ?? false)
            return .text("{}")
        case "/stop":
            try runs.stop(try decoded(CommandReply.self, body).run)
            return .text("{}")
        default: return nil
        }
    }

    private func words(_ body: ByteBuffer) throws -> [String] {
        let action = try decoded(DashboardAction.self, body)
        guard let look = feed.look(of: action.cluster) else {
            throw DashboardError("there is no cluster \(action.cluster) to be seen now")
        }
        return try source.command(for: action, at: look)
    }

    private func decoded<Document: Decodable>(_ type: Document.Type, _ body: ByteBuffer) throws -> Document {
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw DashboardError("this is not what the page asks for: \(error)")
        }
    }

    private func output(_ messages: AsyncStream<DashboardRuns.Message>) -> ResponseBody {
        ResponseBody { writer in
            for await message in messages {
                switch message {
                case .output(.text(let text)): try await writer.write(try ServerEvents.event("text", text))
                case .output(.question): try await writer.write(try ServerEvents.event("question", ""))
                case .ended(let code, let reason):
                    try await writer.write(try ServerEvents.event("end", CommandEnd(code: code, reason: reason)))
                }
            }
            try await writer.finish(nil)
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
        ResponseBody { [feed, mayWrite = runs != nil] writer in
            var shown: DashboardState?
            try await feed.watching { states in
                for await state in states {
                    if let before = shown {
                        guard let change = DashboardChange(from: before, to: state) else {
                            try await writer.write(ServerEvents.beat)
                            continue
                        }
                        try await writer.write(try ServerEvents.event("change", change))
                    } else {
                        try await writer.write(try ServerEvents.event("all", WholeState(state, mayWrite: mayWrite)))
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

/// A command that would be run, as a person would type it.
private struct PreparedCommand: Encodable {
    var command: String

    init(_ words: [String]) {
        command = (["slipway"] + words.map(ShellWord.quoted)).joined(separator: " ")
    }
}

private struct BegunCommand: Encodable {
    var number: Int
}

private struct CommandReply: Decodable {
    var run: Int
    var yes: Bool?
}

private struct CommandEnd: Encodable {
    var code: Int32?
    var reason: String?
}
