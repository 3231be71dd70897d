import Basics
import ConnectionLimits
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Serves the dashboard over HTTP.
package struct DashboardServer: Sendable {
    private typealias Connection = HTTP1Channel.Value.Accepted
    private typealias Connections = NIOAsyncChannel<Connection, Never>

    /// No request of a page has headers, or a path, of more than a few hundred bytes.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 16 << 10,
        maxHeaderListSize: 32 << 10,
        maxHeaderFieldCount: 100,
    )
    /// What is asked for has some words.
    private static let maximumBody = 4 << 10

    private let service: DashboardService
    private let token: String
    private let mayWrite: Bool
    private let logger: Logger
    private let budget: ConnectionBudget

    /// - Parameters:
    ///   - token: what a browser has to bring; see ``DashboardAccess``.
    ///   - mayWrite: whether a page may have something done.
    package init(
        _ source: any DashboardSource,
        feed: DashboardFeed,
        token: String = DashboardAccess.randomToken(),
        mayWrite: Bool = false,
        logger: Logger,
        budget: ConnectionBudget = ConnectionBudget(),
    ) {
        service = DashboardService(source: source, feed: feed, runs: mayWrite ? DashboardRuns(source) : nil)
        self.mayWrite = mayWrite
        (self.token, self.logger, self.budget) = (token, logger, budget)
    }

    /// Listens and serves until the task is cancelled.
    ///
    /// - Parameter onListening: called with the URL to open, which has the token.
    package func run(host: String, port: Int, onListening: @Sendable (String) -> Void = { _ in }) async throws {
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                defer { budget.began(.idle, on: channel) }
                try await respond(request, writer, channel)
            },
            configuration: .init(idleTimeout: .seconds(60), httpDecoderConfiguration: Self.headerLimits),
        )
        let connections = try await bind(http, host: host, port: port)
        let port = connections.channel.localAddress?.port ?? port
        onListening("http://\(host):\(port)/?token=\(token)")
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                do {
                    try await connections.executeThenClose { inbound in
                        for try await connection in inbound {
                            group.addTask { await http.handle(value: connection.serve(), logger: logger) }
                        }
                    }
                } catch {
                    if !Task.isCancelled { logger.error("the socket failed", metadata: ["error": "\(error)"]) }
                }
                group.cancelAll()
            }
        } onCancel: {
            connections.channel.close(promise: nil)
        }
        await service.runs?.stopAll()
    }

    private func bind(_ http: HTTP1Channel, host: String, port: Int) async throws -> Connections {
        do {
            return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelInitializer { [budget] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ConnectionGate(budget))
                    }
                }
                .serverChannelOption(.maxMessagesPerRead, value: 1)
                .serverChannelOption(.backlog, value: ConnectionBudget.backlog)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .bind(host: host, port: port) { channel in
                    http.setup(channel: channel, logger: logger).map(Connection.init)
                }
        } catch {
            throw DashboardError("cannot serve the dashboard on \(host):\(port): \(error); name another with --listen")
        }
    }

    // MARK: Requests

    private func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let target = request.head.path ?? "/"
        let path = String(target.prefix { $0 != "?" })
        let query = Self.query(target.dropFirst(path.count + 1))
        let port = channel.localAddress?.port ?? 0
        let access = DashboardAccess(token: token, port: port, mayWrite: mayWrite)
        var answer: DashboardService.Answer
        var isBodyRead = false
        var headers = Self.securityHeaders
        switch access.verdict(on: Self.facts(request, path, query, channel)) {
        case .refused(let status, let reason):
            answer = .text(reason + "\n", type: "text/plain; charset=utf-8", status: status)
        case .admitted(let cookie):
            answer = .text("", type: "text/plain; charset=utf-8", status: 303)
            headers[.setCookie] = cookie
            headers[.location] = "/"
        case .granted:
            let isPost = request.method == .post
            let body = isPost ? try await request.body.collect(upTo: Self.maximumBody) : ByteBuffer()
            isBodyRead = isPost
            answer = await granted(path, query, body)
        }
        headers[.contentType] = answer.type
        var body = answer.body
        if request.method == .head { body = ResponseBody() }
        if answer.isStream, request.method != .head {
            budget.began(.wait, on: channel)
            headers[.connection] = "close"
            let stream = body
            // Whoever leaves ends the stream, and with the last page the observation.
            body = ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await stream.write(writer)
                }
            }
        } else {
            if !isBodyRead { _ = try await request.body.collect(upTo: Self.maximumBody) }
            budget.began(.answer, on: channel)
        }
        var response = Response(status: .init(code: answer.status), body: body)
        for field in headers { response.headers[field.name] = field.value }
        try await writer.write(response: response.head, body: response.body)
    }

    private func granted(
        _ path: String,
        _ query: [String: String],
        _ body: ByteBuffer,
    ) async -> DashboardService.Answer {
        do {
            if let answer = try await service.respond(to: path, query, body) { return answer }
            return .text("There is no \(path).\n", type: "text/plain; charset=utf-8", status: 404)
        } catch {
            return .text("\(error)\n", type: "text/plain; charset=utf-8", status: 502)
        }
    }

    private static func facts(
        _ request: Request,
        _ path: String,
        _ query: [String: String],
        _ channel: any Channel,
    ) -> DashboardAccess.Request {
        var facts = DashboardAccess.Request(
            method: request.method.rawValue,
            path: path,
            host: request.head.authority,
        )
        facts.query = query
        facts.origin = request.headers[.origin]
        if let name = HTTPField.Name("Sec-Fetch-Site") { facts.site = request.headers[name] }
        facts.cookie = request.headers[.cookie]
        facts.authorization = request.headers[.authorization]
        facts.contentType = request.headers[.contentType]
        facts.address = channel.localAddress?.ipAddress
        return facts
    }

    private static func query(_ text: Substring) -> [String: String] {
        let pairs = text.split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (PercentEncoding.decode(name), PercentEncoding.decode(pair.dropFirst(name.count + 1), space: .plus))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The page loads nothing from elsewhere, runs no script but its own, and is shown in no other page.
    private static let securityHeaders: HTTPFields = {
        let policy =
            "default-src 'none'; script-src 'self'; style-src \(PageFile.styleSource); img-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        let pairs = [
            ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
        ]
        var fields = HTTPFields()
        for (name, value) in pairs {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }()
}
