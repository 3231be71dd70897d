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

    package func timeToLive(_ lease: LeaseID) async throws(EtcdError) -> Int64? {
        let body = Gateway.LeaseRequest(ID: Gateway.Number(lease.rawValue))
        let answer: Gateway.LeaseAnswer = try await call("/v3/lease/timetolive", body, mayRepeat: true)
        let ttl = answer.TTL?.value ?? 0
        return ttl < 0 ? nil : ttl
    }

    package func watch(_ range: KeyRange, from revision: Int64) -> EtcdWatch {
        EtcdWatch { continuation in
            var watcher = Watcher(client: self, range: range, nextRevision: revision)
            try await watcher.run { continuation.yield($0) }
        }
    }
}
