import AsyncHTTPClient
import NIOCore

/// etcd over the JSON gateway that every member serves beside gRPC (`/v3/…`, etcd 3.4 and later).
///
/// It stays with the endpoint that answered last, goes to the next one when that fails, and comes back to the first when
/// that works again. Reads are tried once on every endpoint; writes only where the request surely was not taken before, so
/// that none happens twice.
package struct EtcdHTTPClient: Sendable {
    /// Client URLs, in the order in which they are tried.
    package let endpoints: [String]
    /// How long each endpoint has for an answer. An etcd that never had a quorum takes connections and never answers.
    package let requestTimeout: Duration

    let transport: Transport
    let router: EndpointRouter

    /// - Parameter endpoints: client URLs, such as `http://127.0.0.1:2379`; at least one.
    /// - Parameter tls: for `https` endpoints; without it the host's own authorities are trusted.
    /// - Parameter proxyPort: of a SOCKS server on this host's loopback, through which the endpoints are reached.
    package init(
        endpoints: [String],
        requestTimeout: Duration = .seconds(2),
        tls: EtcdTLS? = nil,
        proxyPort: Int? = nil,
    ) {
        self.endpoints = endpoints.map { $0.last == "/" ? String($0.dropLast()) : $0 }
        self.requestTimeout = requestTimeout
        transport = Transport(client: Transport.shared(tls, proxyPort: proxyPort))
        router = EndpointRouter(count: endpoints.count)
    }

    /// Asks the endpoints in turn.
    func call<Answer: Decodable & Sendable>(
        _ path: String,
        _ body: some Encodable & Sendable,
        mayRepeat: Bool,
        as _: Answer.Type = Answer.self,
    ) async throws(EtcdError) -> Answer {
        let bytes = try GatewayCoding.encode(body)
        return try await inTurn(mayRepeat: mayRepeat) { (endpoint) async throws(EtcdError) -> Answer in
            try await transport.post(endpoint + path, bytes, timeout: requestTimeout)
        }
    }

    /// Tries endpoints until one answers.
    ///
    /// - Parameter mayRepeat: whether it does no harm when two endpoints take the request.
    func inTurn<Answer: Sendable>(
        mayRepeat: Bool,
        _ ask: (_ endpoint: String) async throws(EtcdError) -> Answer,
    ) async throws(EtcdError) -> Answer {
        var failures: [EtcdError] = []
        for _ in endpoints.indices {
            let index = router.endpoint(mayFail: mayRepeat && failures.isEmpty)
            do {
                let answer = try await ask(endpoints[index])
                router.answered(index)
                return answer
            } catch {
                guard error.isTransient else { throw error }
                failures.append(error)
                router.leave(index)
                guard mayRepeat || error.requestWasNotTaken else { break }
            }
        }
        throw EtcdError.allFailed(failures, endpoints: endpoints)
    }
}
