import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One HTTP GET on a connection of its own, for member lists.
enum HTTPGet {
    struct Answer: Sendable {
        var status: Int
        var body: String
    }

    enum Failure: Error {
        /// No process listens there.
        case refused
        /// No (whole) answer in time.
        case silent
        /// TLS failed.
        case distrusted(String)
    }

    static func get(
        _ endpoint: Endpoint,
        _ path: String,
        on loop: NIOIsolatedEventLoop,
        within limit: TimeAmount,
        tls: NIOSSLContext? = nil,
        _ done: @escaping (Result<Answer, any Error>) -> Void,
    ) {
        let exchange = HTTPExchange(endpoint, isKept: false)
        ask(exchange, path, over: connect(exchange, to: endpoint, on: loop, within: limit, tls: tls), on: loop, limit) {
            exchange.close()
            done($0)
        }
    }

    /// Connects an exchange to a server.
    static func connect(
        _ exchange: HTTPExchange,
        to endpoint: Endpoint,
        on loop: NIOIsolatedEventLoop,
        within limit: TimeAmount,
        tls: NIOSSLContext?,
    ) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(exchange, eventLoop: loop.nonisolated())
        return ClientBootstrap(group: loop.nonisolated())
            .connectTimeout(limit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler(for: endpoint)) }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
    }

    /// Asks a question, and ends a connection on which it was not answered in time.
    ///
    /// - Parameter connecting: the connection that is being made for it; nil for one that there is.
    static func ask(
        _ exchange: HTTPExchange,
        _ path: String,
        over connecting: EventLoopFuture<any Channel>?,
        on loop: NIOIsolatedEventLoop,
        _ limit: TimeAmount,
        _ done: @escaping (Result<Answer, any Error>) -> Void,
    ) {
        let promise = loop.nonisolated().makePromise(of: Answer.self)
        let timeout = loop.scheduleTask(in: limit) { promise.fail(Failure.silent) }
        connecting?.whenFailure { promise.fail($0 is ChannelError ? Failure.silent : Failure.refused) }
        promise.futureResult.assumeIsolated().whenComplete { result in
            timeout.cancel()
            if case .failure = result {
                exchange.close()
                connecting?.whenSuccess { $0.close(promise: nil) }
            }
            done(result)
        }
        exchange.ask(path, promise)
    }
}

extension NIOSSLContext {
    /// The handler for one connection to a member. An address is checked as such; TLS asks only for names by name.
    func handler(for endpoint: Endpoint) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port)) != nil
        return try NIOSSLClientHandler(context: self, serverHostname: isAddress ? nil : endpoint.host)
    }
}
