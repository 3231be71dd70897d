import Etcd

/// etcd's key-value store as a value: revisions, transactions, leases. It knows nothing of time but what it is told.
package struct EtcdStore: Sendable {
    /// Lease and the time at which it ends.
    package struct Grant: Sendable {
        var ttl: Int64
        var deadline: Duration
    }

    /// Revision of the last change.
    package private(set) var revision: Int64 = 1
    /// Revision up to which history is gone.
    package private(set) var compacted: Int64 = 0
    /// Keys now.
    package private(set) var keys: [String: KeyValue] = [:]
    /// Every change since the beginning, in order.
    package private(set) var history: [KeyEvent] = []
    /// Leases now.
    package private(set) var leases: [LeaseID: Grant] = [:]
    private var nextLease: Int64 = 1000

    package init() {}

    /// Reads keys as etcd does.
    package func range(_ request: RangeRequest) throws(EtcdError) -> RangeResponse {
        guard request.revision == 0 || request.revision >= compacted else {
            throw EtcdError(.compacted, "required revision has been compacted")
        }
        let source = request.revision == 0 ? keys : past(request.revision)
        var found = source.values.filter { request.range.contains($0.key) }.sorted { $0.key < $1.key }
        let count = Int64(found.count)
        if request.limit > 0 { found = Array(found.prefix(Int(request.limit))) }
        if request.keysOnly { found = found.map { keyOnly($0) } }
        return RangeResponse(revision: revision, keyValues: found, count: count)
    }

    /// Commits a transaction as etcd does.
    package mutating func commit(_ transaction: Transaction) throws(EtcdError) -> TransactionResponse {
        try check(transaction)
        let succeeded = transaction.conditions.allSatisfy(holds)
        let changes = history.count
        var results: [OperationResult] = []
        let before = self
        do {
            for operation in succeeded ? transaction.success : transaction.failure {
                results.append(try perform(operation, at: before.revision + 1))
            }
        } catch {
            self = before
            throw error
        }
        if history.count > changes { revision = before.revision + 1 }
        return TransactionResponse(revision: revision, succeeded: succeeded, results: results)
    }

    /// Grants a lease of `ttl` seconds.
    package mutating func grant(ttl: Int64, now: Duration) -> Lease {
        nextLease += 1
        let id = LeaseID(nextLease)
        leases[id] = Grant(ttl: ttl, deadline: now + .seconds(ttl))
        return Lease(id: id, ttl: ttl, revision: revision)
    }

    /// Renews a lease; nil where there is none.
    package mutating func keepAlive(_ id: LeaseID, now: Duration) -> Lease? {
        guard let ttl = leases[id]?.ttl else { return nil }
        leases[id]?.deadline = now + .seconds(ttl)
        return Lease(id: id, ttl: ttl, revision: revision)
    }

    /// Ends a lease and deletes its keys.
    package mutating func end(_ id: LeaseID) {
        leases[id] = nil
        let attached = keys.values.filter { $0.lease == id }.map(\.key).sorted()
        guard !attached.isEmpty else { return }
        revision += 1
        for key in attached { remove(key, at: revision) }
    }

    /// Ends leases whose time is up, with their keys.
    package mutating func expire(now: Duration) {
        let expired = leases.filter { $0.value.deadline <= now }.map(\.key).sorted { $0.rawValue < $1.rawValue }
        for id in expired { end(id) }
    }

    /// Forgets history up to a revision.
    package mutating func compact(_ revision: Int64) {
        compacted = max(compacted, revision)
    }
}

extension EtcdStore {
    private func past(_ revision: Int64) -> [String: KeyValue] {
        var source: [String: KeyValue] = [:]
        for event in history where event.revision <= revision {
            if case .put(let keyValue) = event { source[event.key] = keyValue } else { source[event.key] = nil }
        }
        return source
    }

    private func keyOnly(_ keyValue: KeyValue) -> KeyValue {
        var bare = keyValue
        bare.value = []
        return bare
    }

    private func check(_ transaction: Transaction) throws(EtcdError) {
        let largest = max(transaction.conditions.count, transaction.success.count, transaction.failure.count)
        guard largest <= Transaction.maximumOperations else {
            throw EtcdError(.refused, "etcdserver: too many operations in txn request")
        }
        for branch in [transaction.success, transaction.failure] {
            let written = branch.compactMap { if case .put(let key, _, _) = $0 { key } else { nil } }
            guard Set(written).count == written.count else {
                throw EtcdError(.refused, "etcdserver: duplicate key given in txn request")
            }
        }
    }

    private func holds(_ comparison: Comparison) -> Bool {
        let keyValue = keys[comparison.key]
        func compare<Value: Comparable>(_ is: Value, _ wanted: Value) -> Bool {
            switch comparison.relation {
            case .equal: `is` == wanted
            case .notEqual: `is` != wanted
            case .greater: `is` > wanted
            case .less: `is` < wanted
            }
        }
        switch comparison.target {
        case .value(let bytes):
            guard let keyValue else { return false }
            return compare(keyValue.text, String(decoding: bytes, as: UTF8.self))
        case .version(let number): return compare(keyValue?.version ?? 0, number)
        case .createRevision(let number): return compare(keyValue?.createRevision ?? 0, number)
        case .modRevision(let number): return compare(keyValue?.modRevision ?? 0, number)
        case .lease(let id): return compare(keyValue?.lease?.rawValue ?? 0, id.rawValue)
        }
    }

    private mutating func perform(_ operation: Operation, at revision: Int64) throws(EtcdError) -> OperationResult {
        switch operation {
        case .put(let key, let value, let lease):
            try put(key, value, lease, at: revision)
            return .put
        case .delete(let range):
            let doomed = keys.keys.filter { range.contains($0) }.sorted()
            for key in doomed { remove(key, at: revision) }
            return .delete(count: Int64(doomed.count))
        case .range(let request):
            var response = try range(request)
            response.revision = max(response.revision, history.last?.revision ?? 0)
            return .range(response)
        }
    }

    private mutating func put(
        _ key: String,
        _ value: [UInt8],
        _ lease: LeaseID?,
        at revision: Int64,
    ) throws(EtcdError) {
        if let lease, leases[lease] == nil {
            throw EtcdError(.notFound, "etcdserver: requested lease not found")
        }
        let old = keys[key]
        let new = KeyValue(
            key: key,
            value: value,
            createRevision: old?.createRevision ?? revision,
            modRevision: revision,
            version: (old?.version ?? 0) + 1,
            lease: lease,
        )
        keys[key] = new
        history.append(.put(new))
    }

    private mutating func remove(_ key: String, at revision: Int64) {
        keys[key] = nil
        history.append(.delete(key: key, revision: revision))
    }
}
