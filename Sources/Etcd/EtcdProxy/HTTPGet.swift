import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One HTTP GET on a connection of its own, for probes and member lists.
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
        on loop: any EventLoop,
        within limit: TimeAmount,
        tls: NIOSSLContext? = nil,
    ) -> EventLoopFuture<Answer> {
        let promise = loop.makePromise(of: Answer.self)
        let timeout = loop.scheduleTask(in: limit) { promise.fail(Failure.silent) }
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(limit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.handler(for: endpoint)) }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(Collector(endpoint, path, promise))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
        connecting.whenFailure { promise.fail($0 is ChannelError ? Failure.silent : Failure.refused) }
        promise.futureResult.whenComplete { _ in
            timeout.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        return promise.futureResult
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundOut = HTTPClientRequestPart

        /// Far above the member list of any cluster.
        private static let limit = 1 << 20

        private let endpoint: Endpoint
        private let path: String
        private let promise: EventLoopPromise<Answer>
        private var answer = Answer(status: 0, body: "")
        private var body: [UInt8] = []

        init(_ endpoint: Endpoint, _ path: String, _ promise: EventLoopPromise<Answer>) {
            (self.endpoint, self.path, self.promise) = (endpoint, path, promise)
        }

        func channelActive(context: ChannelHandlerContext) {
            let headers: HTTPHeaders = ["Host": endpoint.description, "Connection": "close"]
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): answer.status = Int(head.status.code)
            case .body(let buffer):
                body += buffer.readableBytesView
                if body.count > Self.limit { promise.fail(Failure.silent) }
            case .end:
                answer.body = String(decoding: body, as: UTF8.self)
                promise.succeed(answer)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { promise.fail(Failure.silent) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            let isTLS = error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
            promise.fail(isTLS ? Failure.distrusted("\(error)") : Failure.silent)
        }
    }
}
