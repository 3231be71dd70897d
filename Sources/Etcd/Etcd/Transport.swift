import AsyncHTTPClient
import Basics
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import TransportSecurity

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// HTTP with deadlines, and failures as ``EtcdError``.
struct Transport: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: ByteBuffer
        /// `X-Etcd-Index` of the v2 API: state of the keyspace that the answer is of.
        var legacyIndex: UInt64?
        /// `Date`: the time by the server's clock.
        var date: String?
    }

    /// Answers are lists of small values; a larger one is a mistake.
    static let maximumAnswer = 64 << 20

    /// One connection pool for the process. It lives as long as that, so that it is never shut down.
    static let shared = makeClient(nil)

    /// A client's certificate, and the port of the SOCKS server it goes through.
    private struct Way: Hashable {
        var tls: TLSIdentity?
        var proxyPort: Int?
        /// Connections that nothing but urgent requests use: leases are renewed while everything else waits.
        var isUrgent = false
    }

    /// One for each way, of which a process has few.
    private static let others = Mutex<[Way: HTTPClient]>([:])

    static func shared(_ tls: TLSIdentity?, proxyPort: Int?, isUrgent: Bool = false) -> HTTPClient {
        let way = Way(tls: tls, proxyPort: proxyPort, isUrgent: isUrgent)
        guard way != Way() else { return shared }
        return others.withLock { clients in
            if let client = clients[way] { return client }
            let client = makeClient(tls, proxyPort: proxyPort)
            clients[way] = client
            return client
        }
    }

    private static func makeClient(_ tls: TLSIdentity?, proxyPort: Int? = nil) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(2)
        configuration.connectionPool.idleTimeout = .seconds(30)
        // There are other endpoints to try.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = keepAliveProbes
        configuration.tlsConfiguration = tls?.configuration
        // Over TLS, etcd would be asked for HTTP/2: one connection for all watches, without those probes.
        configuration.httpVersion = .http1Only
        configuration.proxy = proxyPort.map { .socksServer(host: "127.0.0.1", port: $0) }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    let client: HTTPClient

    func post<Result: Decodable & Sendable>(
        _ url: String,
        _ body: ByteBuffer,
        timeout: Duration,
    ) async throws(EtcdError) -> Result {
        try GatewayCoding.decode(try await postKeepingHead(url, body, timeout: timeout).body, from: url)
    }

    /// The same, with what the answer says of itself.
    func postKeepingHead(_ url: String, _ body: ByteBuffer, timeout: Duration) async throws(EtcdError) -> Answer {
        let answer = try await send(Self.request(url, body), timeout: timeout)
        guard answer.status == 200 else { throw Self.refusal(answer, url) }
        return answer
    }

    func get(_ url: String, timeout: Duration) async throws(EtcdError) -> Answer {
        try await send(Self.request(url), timeout: timeout)
    }

    /// Sends a form, as etcd's v2 API takes values.
    func put(_ url: String, form: String, timeout: Duration) async throws(EtcdError) -> Answer {
        var request = Self.request(url)
        request.method = .PUT
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.body = .bytes(ByteBuffer(string: form))
        return try await send(request, timeout: timeout)
    }

    func delete(_ url: String, timeout: Duration) async throws(EtcdError) -> Answer {
        var request = Self.request(url)
        request.method = .DELETE
        return try await send(request, timeout: timeout)
    }

    /// The head of an answer within `timeout`; its body takes as long as it takes.
    func stream(_ url: String, _ body: ByteBuffer, timeout: Duration) async throws(EtcdError) -> HTTPClientResponse {
        var request = Self.request(url, body)
        // Makes etcd end the stream when it loses its leader, instead of leaving it silent.
        request.headers.add(name: "Grpc-Metadata-hasleader", value: "true")
        do {
            return try await client.execute(request, timeout: TimeAmount(timeout))
        } catch {
            throw Self.failure(error, url, timeout)
        }
    }

    private func send(_ request: HTTPClientRequest, timeout: Duration) async throws(EtcdError) -> Answer {
        let client = client
        do {
            let answer = try await withDeadline(timeout) {
                let response = try await client.execute(request, timeout: TimeAmount(timeout))
                let body = try await response.body.collect(upTo: Self.maximumAnswer)
                let index = response.headers.first(name: "X-Etcd-Index").flatMap { UInt64($0) }
                return Answer(
                    status: Int(response.status.code),
                    body: body,
                    legacyIndex: index,
                    date: response.headers.first(name: "Date"),
                )
            }
            guard let answer else { throw EtcdError(.timeout, "\(request.url) does not answer within \(timeout)") }
            return answer
        } catch {
            throw Self.failure(error, request.url, timeout)
        }
    }

    private static func request(_ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        // The address of a socket is no host, which Go's server asks for.
        if url.hasPrefix("http+unix:") { request.headers.add(name: "Host", value: "localhost") }
        return request
    }

    private static func request(_ url: String, _ body: ByteBuffer) -> HTTPClientRequest {
        var request = request(url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(body)
        return request
    }

    static func refusal(_ answer: Answer, _ url: String) -> EtcdError {
        guard let refusal: Gateway.Refusal = try? GatewayCoding.decode(answer.body, from: url) else {
            let text = String(decoding: answer.body.readableBytesView.prefix(200), as: UTF8.self)
            let code: EtcdError.Code = answer.status >= 500 ? .unavailable : .refused
            return EtcdError(code, "\(url) answers with HTTP status \(answer.status): \(text)")
        }
        return EtcdError(refusal: refusal, status: answer.status, where: url)
    }

    static func failure(_ error: any Error, _ url: String, _ timeout: Duration) -> EtcdError {
        switch error {
        case let error as EtcdError:
            return error
        case let error as HTTPClientError:
            return failure(error, url, timeout)
        case is CancellationError:
            return EtcdError(.cancelled, "the request to \(url) was cancelled")
        case let error as IOError where unreachable.contains(error.errnoCode):
            return EtcdError(.unavailable, "cannot connect to \(url)", cause: EtcdError.NotConnected(error, timeout))
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return EtcdError(.unavailable, "cannot connect to \(url)", cause: NetworkFault(error, timeout: timeout))
        case is IOError, is ChannelError:
            return EtcdError(
                .unavailable,
                "the connection to \(url) broke",
                cause: NetworkFault(error, timeout: timeout)
            )
        default:
            // What is left is the pool's report of a connection that was not made.
            return EtcdError(.unavailable, "cannot connect to \(url)", cause: EtcdError.NotConnected(error, timeout))
        }
    }
}

extension Transport {
    /// Errors of `connect` for an endpoint that does not exist or does not listen.
    private static let unreachable: Set<CInt> = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL]

    private static func failure(_ error: HTTPClientError, _ url: String, _ timeout: Duration) -> EtcdError {
        switch error {
        case .cancelled:
            return EtcdError(.cancelled, "the request to \(url) was cancelled")
        case .deadlineExceeded, .readTimeout:
            return EtcdError(.timeout, "\(url) does not answer within \(timeout)")
        case .connectTimeout:
            return EtcdError(.unavailable, "cannot connect to \(url)", cause: EtcdError.NotConnected(error, timeout))
        default:
            return EtcdError(
                .unavailable,
                "the connection to \(url) broke",
                cause: NetworkFault(error, timeout: timeout)
            )
        }
    }

    /// A watch can be silent for hours: the kernel finds out within about 5 s when its peer has lost power.
    private static func keepAliveProbes(_ channel: any Channel) -> EventLoopFuture<Void> {
        // Nobody loses the power of a socket of this host's alone.
        if case .unixDomainSocket? = channel.remoteAddress { return channel.eventLoop.makeSucceededVoidFuture() }
        // From Linux' <linux/tcp.h>: seconds before the first probe, between probes, and probes until it gives up.
        let settings: [(NIOBSDSocket.Option, SocketOptionValue)] = [
            (NIOBSDSocket.Option(rawValue: 4), 2), (NIOBSDSocket.Option(rawValue: 5), 1),
            (NIOBSDSocket.Option(rawValue: 6), 3),
        ]
        var future = channel.setOption(.socketOption(.so_keepalive), value: 1)
        for (name, value) in settings {
            let option = ChannelOptions.Types.SocketOption(level: .tcp, name: name)
            future = future.flatMap { channel.setOption(option, value: value) }
        }
        return future
    }
}
