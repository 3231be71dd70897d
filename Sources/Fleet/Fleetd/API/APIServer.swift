import Basics
import ConnectionLimits
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Systemd
import TransportSecurity

/// Serves the API on one socket.
///
/// Hummingbird's own server only binds addresses; here it is given connections of a socket that may have been bound
/// by systemd.
package struct APIServer: Service {
    typealias Connection = HTTP1Channel.Value.Accepted
    typealias Connections = NIOAsyncChannel<Connection, Never>

    /// Bytes of a request's body; unit files are small.
    static let maximumBody = 4 << 20
    /// No request of a client of fleet's has headers, or a path, of more than a few hundred bytes.
    static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 16 << 10,
        maxHeaderListSize: 32 << 10,
        maxHeaderFieldCount: 100,
    )
    /// A client that is silent for so long is gone.
    static let idleLimit = TimeAmount.seconds(60)
    /// Limit for requests that are still being answered when fleetd ends.
    static let endLimit = Duration.seconds(2)

    /// Client of the connection that is served.
    @TaskLocal private static var peer = APIPeer.unknown

    let listener: APIListener
    /// True for a unix socket, whose client the kernel identifies.
    private let isLocal: Bool
    let tls: TLSIdentity?
    let api: APIResponder
    let version: String
    let logger: Logger
    let onListening: @Sendable (SocketAddress?) -> Void
    private let hostname = OwnHost.machineName
    let budget: ConnectionBudget
    let requests = RequestsInFlight()

    /// - Parameters:
    ///   - tls: for TCP; a unix socket is never encrypted.
    ///   - budget: of connections, for this listener alone.
    package init(
        _ listener: APIListener,
        _ api: APIResponder,
        tls: TLSIdentity? = nil,
        version: String,
        logger: Logger,
        budget: ConnectionBudget = ConnectionBudget(),
        onListening: @escaping @Sendable (SocketAddress?) -> Void = { _ in },
    ) {
        self.listener = listener
        isLocal = listener.isLocal
        self.tls = isLocal ? nil : tls
        self.api = api
        self.version = version
        self.logger = logger
        self.onListening = onListening
        self.budget = budget
    }

    /// Serves until the task is cancelled.
    package func run() async throws {
        let http = HTTP1Channel(
            responder: { request, writer, channel in try await respond(request, writer, channel) },
            configuration: .init(idleTimeout: Self.idleLimit, httpDecoderConfiguration: Self.headerLimits),
        )
        let connections = try await bind(http)
        logger.notice("serving the API", metadata: ["on": "\(listener)", "tls": "\(tls != nil)"])
        if listener.isOpen, tls?.asksForCertificates != true {
            logger.warning(
                "whoever reaches this port may run anything on the cluster; see api_cafile",
                metadata: ["on": "\(listener)"],
            )
        }
        onListening(connections.channel.localAddress)
        await withDiscardingTaskGroup { group in
            await accept(connections) { connection in
                let connection = connection.serve()
                // A request comes by the connection's event loop, goes to etcd by it, and back.
                group.addTask(executorPreference: EventLoopExecutor(connection.channel.eventLoop)) {
                    await Self.$peer.withValue(await peer(connection.channel)) {
                        await http.handle(value: connection, logger: logger)
                    }
                }
            }
            let unanswered = await requests.end(within: Self.endLimit)
            if unanswered > 0, !Task.isCancelled {
                logger.warning("requests are cut off", metadata: ["count": "\(unanswered)"])
            }
            group.cancelAll()
        }
    }

    /// Gives connections to `handle` until fleetd ends. Whoever connects to a socket of systemd's after that is
    /// answered by the next fleetd.
    private func accept(_ connections: Connections, _ handle: (Connection) -> Void) async {
        await withGracefulShutdownHandler {
            do {
                try await connections.executeThenClose { inbound in
                    for try await connection in inbound { handle(connection) }
                }
            } catch {
                guard !requests.isEnding, !Task.isCancelled else { return }
                logger.error("the API's socket failed", metadata: ["error": "\(error)"])
            }
        } onGracefulShutdown: {
            requests.willEnd()
            connections.channel.close(promise: nil)
        }
    }

    private func bind(_ http: HTTP1Channel) async throws -> Connections {
        let limited = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { [budget] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionGate(budget))
                }
            }
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        let bootstrap =
            limited
            .serverChannelOption(.backlog, value: ConnectionBudget.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let setup: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
            guard let tls else { return http.setup(channel: channel, logger: logger).map(Connection.init) }
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context))
            }.flatMap {
                http.setup(channel: channel, logger: logger).map(Connection.init)
            }
        }
        do {
            switch listener {
            case .inherited(let socket):
                return try await limited.bind(socket.descriptor, childChannelInitializer: setup)
            case .unix(let path):
                return try await bootstrap.bind(
                    unixDomainSocketPath: path,
                    cleanupExistingSocketFile: true,
                    childChannelInitializer: setup,
                )
            case .tcp(let host, let port):
                return try await bootstrap.bind(host: host, port: port, childChannelInitializer: setup)
            }
        } catch {
            throw FleetError(.socket, "cannot serve the API on \(listener)", cause: error)
        }
    }

    private func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        requests.began()
        defer {
            requests.finished()
            budget.began(.idle, on: channel)
        }
        var answer = try await answer(request, channel)
        if request.method == .head { answer.body = "" }
        budget.began(.answer, on: channel)
        let response = Self.response(answer, version)
        try await writer.write(response: response.head, body: response.body)
    }

    private func answer(_ request: Request, _ channel: any Channel) async throws -> APIResponse {
        do {
            if !isLocal,
                let refusal = APIHost.refusal(
                    of: request.head.authority,
                    address: channel.localAddress?.ipAddress,
                    hostname: hostname,
                )
            {
                return APIResponder.failure(refusal)
            }
            budget.began(.body, on: channel)
            let body = try await request.body.collect(upTo: Self.maximumBody)
            // Who waits for a change gives the place away: it asks again.
            budget.began(request.head.path?.hasPrefix("/fleet/v1/changes") == true ? .wait : .answer, on: channel)
            var received = APIRequest(request, body: Array(body.readableBytesView))
            received.peer = Self.peer
            received.userAgent = request.headers[.userAgent] ?? ""
            return await api.respond(to: received)
        } catch is NIOTooManyBytesError {
            return APIResponder.failure(APIError(413, "the body has more than \(Self.maximumBody) bytes"))
        }
    }

    private func peer(_ channel: any Channel) async -> APIPeer {
        if isLocal { return await .local(on: channel) }
        return tls?.asksForCertificates == true ? .certified : .network
    }

    private static func response(_ answer: APIResponse, _ version: String) -> Response {
        let body = answer.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: answer.body))
        var response = Response(status: .init(code: answer.status), body: body)
        response.headers[.server] = "fleetd/\(version)"
        if let type = answer.contentType { response.headers[.contentType] = type }
        if let location = answer.location { response.headers[.location] = location }
        return response
    }
}

extension APIRequest {
    init(_ request: Request, body: [UInt8]) {
        self.init(
            request.method.rawValue,
            target: request.head.path ?? "/",
            contentTypes: request.headers[values: .contentType],
            body: body,
        )
    }

    /// - Parameter target: path and query, percent-encoded.
    package init(_ method: String, target: String, contentTypes: [String], body: [UInt8]) {
        let path = target.prefix { $0 != "?" }
        let pairs = target.dropFirst(path.count + 1).split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (PercentEncoding.decode(name), PercentEncoding.decode(pair.dropFirst(name.count + 1)))
        }
        let values = Dictionary(grouping: pairs) { $0.0 }
        self.init(
            method,
            PercentEncoding.decode(path),
            query: values.compactMapValues { $0.first?.1 },
            contentTypes: contentTypes,
            bytes: body,
        )
        self.target = target
        repeatedQuery = Set(values.filter { $0.value.count > 1 }.keys)
    }
}
