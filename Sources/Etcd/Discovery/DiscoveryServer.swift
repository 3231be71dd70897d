import ConnectionLimits
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Serves the discovery protocol over HTTP.
package struct DiscoveryServer: Sendable {
    /// Incoming connections of a listening socket.
    package typealias Connections = NIOAsyncChannel<Connection, Never>
    /// One of them.
    package typealias Connection = HTTP1Channel.Value.Accepted

    static let maximumBody = 64 << 10

    private let service: DiscoveryService
    private let logger: Logger
    private let budget: ConnectionBudget

    package init(_ service: DiscoveryService, logger: Logger, budget: ConnectionBudget = ConnectionBudget()) {
        self.service = service
        self.logger = logger
        self.budget = budget
    }

    /// Listens and serves until the task is cancelled.
    ///
    /// - Parameters:
    ///   - host: an address, which may be one that this machine has only later.
    ///   - onListening: called with the port.
    package func run(
        host: String,
        port: Int,
        onListening: @Sendable (Int) -> Void = { _ in },
    ) async throws {
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                defer { budget.began(.idle, on: channel) }
                try await respond(request, writer, channel)
            },
            configuration: .init(idleTimeout: .seconds(60)),
        )
        let connections = try await bind(http, host: host, port: port)
        onListening(connections.channel.localAddress?.port ?? port)
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                do {
                    try await connections.executeThenClose { inbound in
                        for try await connection in inbound {
                            group.addTask { await http.handle(value: connection.serve(), logger: logger) }
                        }
                    }
                } catch {
                    if !Task.isCancelled { logger.error("discovery's socket failed", metadata: ["error": "\(error)"]) }
                }
                group.cancelAll()
            }
        } onCancel: {
            connections.channel.close(promise: nil)
        }
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
                // A cluster's network may be made only after its discovery is there.
                .serverChannelOption(.socket(SocketOptionLevel(IPPROTO_IP), SocketOptionName(IP_FREEBIND)), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .bind(host: host, port: port) { channel in
                    http.setup(channel: channel, logger: logger).map(Connection.init)
                }
        } catch {
            throw DiscoveryError(.socket, "cannot serve discovery on \(host):\(port)", cause: "\(error)")
        }
    }

    private func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let answer = try await answer(request, channel)
        budget.began(.answer, on: channel)
        logger.info(
            "answered",
            metadata: [
                "method": "\(request.method)", "path": "\(request.head.path ?? "/")", "status": "\(answer.status)",
            ]
        )
        var response = Response(
            status: .init(code: answer.status),
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body))
        )
        response.headers[.contentType] = answer.contentType
        if let name = HTTPField.Name("X-Etcd-Index") { response.headers[name] = "\(answer.index)" }
        if Self.isWait(request) { response.headers[.connection] = "close" }
        try await writer.write(response: response.head, body: response.body)
    }

    private static func isWait(_ request: Request) -> Bool {
        request.method == .get && request.head.path?.contains("wait=true") == true
    }

    private func answer(_ request: Request, _ channel: any Channel) async throws -> DiscoveryResponse {
        func parsed(_ body: String) -> DiscoveryRequest {
            DiscoveryRequest(
                request.method.rawValue,
                request.head.path ?? "/",
                body: body,
                host: request.head.authority ?? "127.0.0.1",
            )
        }
        do {
            guard Self.isWait(request) else {
                budget.began(.body, on: channel)
                let body = try await request.body.collect(upTo: Self.maximumBody)
                budget.began(.answer, on: channel)
                return try await service.respond(to: parsed(String(buffer: body)))
            }
            // Whoever hangs up does not wait any more. This uses the connection up, which is why it is closed then.
            let wait = parsed("")
            budget.began(.wait, on: channel)
            return try await request.body.consumeWithCancellationOnInboundClose { [service] _ in
                try await service.respond(to: wait)
            }
        } catch let error as DiscoveryError {
            logger.error("a request could not be served", metadata: ["error": "\(error)"])
            return DiscoveryResponse(status: 500, body: "{\"message\":\"the token could not be kept\"}\n", index: 0)
        } catch is NIOTooManyBytesError {
            return DiscoveryResponse(status: 413, body: "{\"message\":\"too long\"}\n", index: 0)
        }
    }
}
