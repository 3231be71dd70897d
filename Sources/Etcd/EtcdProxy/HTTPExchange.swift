import NIOCore
import NIOHTTP1
import NIOSSL

/// The client's side of an HTTP connection: one question after the other, each with its whole answer. It is the last
/// handler of its channel, and lives on one event loop.
final class HTTPExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Far above the member list of any cluster.
    private static let limit = 1 << 20

    private let endpoint: Endpoint
    private let isKept: Bool
    private var context: ChannelHandlerContext?
    private var question: (path: String, promise: EventLoopPromise<HTTPGet.Answer>)?
    private var answer = HTTPGet.Answer(status: 0, body: "")
    private var body: [UInt8] = []
    private var isOpen = false
    private var isClosing = false
    /// True once the server has ended the connection.
    private(set) var hasEnded = false

    /// - Parameter isKept: whether more than one question is asked.
    init(_ endpoint: Endpoint, isKept: Bool) {
        (self.endpoint, self.isKept) = (endpoint, isKept)
    }

    /// True while the server waits for another question.
    var isReusable: Bool { isKept && isOpen && question == nil }

    /// Asks, once there is a connection. One question at a time.
    func ask(_ path: String, _ promise: EventLoopPromise<HTTPGet.Answer>) {
        question = (path, promise)
        if let context, isOpen { send(path, context) }
    }

    func close() {
        isClosing = true
        context?.close(promise: nil)
    }

    private func send(_ path: String, _ context: ChannelHandlerContext) {
        (answer, body) = (HTTPGet.Answer(status: 0, body: ""), [])
        let headers: HTTPHeaders = [
            "Host": endpoint.description, "Connection": isKept ? "keep-alive" : "close",
        ]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func end(_ result: Result<HTTPGet.Answer, any Error>) {
        guard let promise = question?.promise else { return }
        question = nil
        promise.completeWith(result)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        isOpen = true
        if let question { send(question.path, context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.status = Int(head.status.code)
            if !head.isKeepAlive { isOpen = false }
        case .body(let buffer):
            body += buffer.readableBytesView
            if body.count > Self.limit {
                isOpen = false
                end(.failure(HTTPGet.Failure.silent))
            }
        case .end:
            answer.body = String(decoding: body, as: UTF8.self)
            end(.success(answer))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        (isOpen, hasEnded) = (false, !isClosing)
        end(.failure(HTTPGet.Failure.silent))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTLS = error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
        isOpen = false
        end(.failure(isTLS ? HTTPGet.Failure.distrusted("\(error)") : HTTPGet.Failure.silent))
        context.close(promise: nil)
    }
}
