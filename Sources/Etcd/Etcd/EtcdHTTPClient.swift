import AsyncHTTPClient
import NIOCore
import TransportSecurity

/// etcd over the JSON gateway that every member serves beside gRPC (`/v3/…`, etcd 3.4 and later).
///
/// It stays with the endpoint that answered last, goes to the next one when that fails, and comes back to the first
/// when that works again. Reads are tried once on every endpoint; writes only where the request surely was not taken
/// before, so that none happens twice.
package struct EtcdHTTPClient: Sendable {
    /// Client URLs, in the order in which they are tried.
    package let endpoints: [String]
    /// Time that each endpoint has for an answer. An etcd that never had a quorum takes connections and never answers.
    package let requestTimeout: Duration

    let transport: Transport
    let urgentTransport: Transport
    let router: EndpointRouter
    /// Time for answers on an endpoint's health, which is asked of that one alone.
    private let patience: AnswerPatience

    /// - Parameter endpoints: client URLs, such as `http://127.0.0.1:2379`; at least one.
    /// - Parameter tls: for `https` endpoints; without it the host's own authorities are trusted.
    /// - Parameter proxyPort: of a SOCKS server on this host's loopback, through which the endpoints are reached.
    package init(
        endpoints: [String],
        requestTimeout: Duration = .seconds(2),
        tls: TLSIdentity? = nil,
        proxyPort: Int? = nil,
    ) {
        self.endpoints = endpoints.map { $0.last == "/" ? String($0.dropLast()) : $0 }
        self.requestTimeout = requestTimeout
        transport = Transport(client: Transport.shared(tls, proxyPort: proxyPort))
        urgentTransport = Transport(client: Transport.shared(tls, proxyPort: proxyPort, isUrgent: true))
        router = EndpointRouter(count: endpoints.count)
        patience = AnswerPatience(requestTimeout)
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

extension EtcdHTTPClient: EtcdClient {
    package func range(_ request: RangeRequest) async throws(EtcdError) -> RangeResponse {
        let answer: Gateway.RangeAnswer = try await call("/v3/kv/range", Gateway.RangeBody(request), mayRepeat: true)
        return answer.value
    }

    package func commit(_ transaction: Transaction) async throws(EtcdError) -> TransactionResponse {
        let body = Gateway.TransactionBody(transaction)
        let answer: Gateway.TransactionAnswer = try await call("/v3/kv/txn", body, mayRepeat: false)
        return answer.value
    }

    package func grantLease(ttl: Int64) async throws(EtcdError) -> Lease {
        // A lease granted twice ends by itself, so this may be repeated.
        let body = Gateway.LeaseRequest(TTL: Gateway.Number(ttl))
        let answer: Gateway.LeaseAnswer = try await urgentCall("/v3/lease/grant", body)
        guard let id = answer.ID?.value, let granted = answer.TTL?.value, answer.error ?? "" == "" else {
            throw EtcdError(.refused, "etcd grants no lease of \(ttl) s: \(answer.error ?? "no id in its answer")")
        }
        return Lease(id: LeaseID(id), ttl: granted, revision: answer.header?.revision?.value ?? 0)
    }

    package func keepAlive(_ lease: LeaseID) async throws(EtcdError) -> Lease? {
        let body = Gateway.LeaseRequest(ID: Gateway.Number(lease.rawValue))
        let line: Gateway.Line<Gateway.LeaseAnswer> = try await urgentCall("/v3/lease/keepalive", body)
        if let refusal = line.error { throw EtcdError(refusal: refusal, status: 500, where: "lease keepalive") }
        guard let result = line.result else {
            throw EtcdError(.invalidAnswer, "etcd's answer to a lease keepalive has no result")
        }
        guard let ttl = result.TTL?.value, ttl > 0 else { return nil }
        return Lease(id: lease, ttl: ttl, revision: result.header?.revision?.value ?? 0)
    }

    package func revoke(_ lease: LeaseID) async throws(EtcdError) {
        let body = Gateway.LeaseRequest(ID: Gateway.Number(lease.rawValue))
        do {
            let _: Gateway.Empty = try await call("/v3/lease/revoke", body, mayRepeat: true)
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }

    package func watch(_ range: KeyRange, from revision: Int64) -> EtcdWatch {
        EtcdWatch { continuation in
            var watcher = Watcher(client: self, range: range, nextRevision: revision)
            try await watcher.run { continuation.yield($0) }
        }
    }
}

extension EtcdHTTPClient: EtcdCluster {
    package func members() async throws(EtcdError) -> [Member] {
        let path = "/v3/cluster/member/list"
        let answer: Gateway.MembersAnswer = try await call(path, Gateway.Empty(), mayRepeat: true)
        return (answer.members ?? []).map(\.value)
    }

    @discardableResult
    package func addMember(peerURLs: [String], learner: Bool) async throws(EtcdError) -> Member {
        let body = Gateway.AddMemberBody(peerURLs: peerURLs, isLearner: learner ? true : nil)
        let answer: Gateway.MembersAnswer = try await call("/v3/cluster/member/add", body, mayRepeat: false)
        guard let member = answer.member?.value else {
            throw EtcdError(.invalidAnswer, "etcd's answer to member add names no member")
        }
        return member
    }

    package func removeMember(_ id: MemberID) async throws(EtcdError) {
        let body = Gateway.MemberBody(ID: Gateway.Unsigned(id.rawValue))
        let _: Gateway.Empty = try await call("/v3/cluster/member/remove", body, mayRepeat: false)
    }

    package func promoteMember(_ id: MemberID) async throws(EtcdError) {
        let body = Gateway.MemberBody(ID: Gateway.Unsigned(id.rawValue))
        let _: Gateway.Empty = try await call("/v3/cluster/member/promote", body, mayRepeat: false)
    }

    package func status(of endpoint: String) async throws(EtcdError) -> MemberStatus {
        let bytes = try GatewayCoding.encode(Gateway.Empty())
        let url = endpoint + "/v3/maintenance/status"
        let begin = HTTPDate.now
        let answer = try await transport.postKeepingHead(url, bytes, timeout: requestTimeout)
        let end = HTTPDate.now
        let read: Gateway.StatusAnswer = try GatewayCoding.decode(answer.body, from: url)
        var status = read.value
        if let date = answer.date.flatMap(HTTPDate.seconds) {
            status.clockAhead = HTTPDate.ahead(date, asked: begin, answered: end)
        }
        return status
    }

    package func health(of endpoint: String) async throws(EtcdError) -> Bool {
        let answer: Transport.Answer
        do {
            answer = try await transport.get(endpoint + "/health", timeout: patience.limit(of: endpoint))
        } catch {
            if error.code == .timeout { patience.wasLate(endpoint) }
            throw error
        }
        patience.answered(endpoint)
        guard answer.status == 200 || answer.status == 503 else {
            throw EtcdError(.invalidAnswer, "\(endpoint)/health answers with HTTP status \(answer.status)")
        }
        let health: Gateway.HealthAnswer = try GatewayCoding.decode(answer.body, from: endpoint + "/health")
        if health.health == "true" { return true }
        // An alarm makes every member say that it is not well, though it may have a leader and commit.
        return await commitsInSpiteOfAlarm(at: endpoint)
    }
}
