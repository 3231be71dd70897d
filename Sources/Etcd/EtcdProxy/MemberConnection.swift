import NIOCore
import NIOSSL

/// The proxy's own connection to a member, kept from one question to the next.
///
/// Members are asked for a sign of life every second by every node. To begin and end a connection each time is most of
/// what that costs both sides, and with TLS nearly all.
final class MemberConnection {
    private let endpoint: Endpoint
    private let loop: NIOIsolatedEventLoop
    private let tls: NIOSSLContext?
    private var kept: HTTPExchange?
    private var isClosed = false

    init(_ endpoint: Endpoint, on loop: NIOIsolatedEventLoop, tls: NIOSSLContext?) {
        (self.endpoint, self.loop, self.tls) = (endpoint, loop, tls)
    }

    func get(_ path: String, within limit: TimeAmount, _ done: @escaping (Result<HTTPGet.Answer, any Error>) -> Void) {
        guard let exchange = kept, exchange.isReusable else { return dial(path, limit, done) }
        kept = nil
        HTTPGet.ask(exchange, path, over: nil, on: loop, limit) { result in
            self.keep(exchange)
            // It has ended meanwhile, as where the member was started anew: that says nothing of whom is there now.
            if case .failure = result, exchange.hasEnded { return self.dial(path, limit, done) }
            done(result)
        }
    }

    func close() {
        isClosed = true
        kept?.close()
        kept = nil
    }

    private func dial(
        _ path: String,
        _ limit: TimeAmount,
        _ done: @escaping (Result<HTTPGet.Answer, any Error>) -> Void,
    ) {
        let exchange = HTTPExchange(endpoint, isKept: true)
        let connecting = HTTPGet.connect(exchange, to: endpoint, on: loop, within: limit, tls: tls)
        HTTPGet.ask(exchange, path, over: connecting, on: loop, limit) { result in
            self.keep(exchange)
            done(result)
        }
    }

    /// One is enough: questions that were asked at the same time came over several.
    private func keep(_ exchange: HTTPExchange) {
        if kept?.isReusable != true, exchange.isReusable, !isClosed {
            kept = exchange
        } else {
            exchange.close()
        }
    }
}
