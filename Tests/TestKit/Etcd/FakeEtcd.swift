import Etcd
import Synchronization

/// An etcd in memory with a clock moved by hand and failures on demand.
package final class FakeEtcd: Sendable {
    private struct Watcher {
        var range: KeyRange
        var next: Int64
        var continuation: EtcdWatch.Stream.Continuation
    }

    private struct State {
        var store = EtcdStore()
        var now = Duration.zero
        var watchers: [Int: Watcher] = [:]
        var nextWatcher = 0
        var outage: EtcdError?
        var failures: [EtcdError] = []
        var lostAnswers: [EtcdError] = []
        var requests = 0
        var writes = 0
        var watches = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// How many calls were made, watches not counted.
    package var requests: Int { state.withLock { $0.requests } }

    /// How many of the calls were transactions.
    package var writes: Int { state.withLock { $0.writes } }

    /// How many watches were begun.
    package var watches: Int { state.withLock { $0.watches } }

    /// The store as it is now.
    package var store: EtcdStore { state.withLock { $0.store } }

    /// Moves the clock; leases that nobody renewed end.
    package func advance(by time: Duration) {
        change { state in
            state.now += time
            state.store.expire(now: state.now)
        }
    }

    /// Until it is `nil` again, every call fails with this error and watches are silent.
    package func setOutage(_ error: EtcdError?) {
        change { $0.outage = error }
    }

    /// The next call fails with this error.
    package func failNext(_ error: EtcdError) {
        change { $0.failures.append(error) }
    }

    /// The next transaction is made, and its answer is this error.
    package func loseNextAnswer(_ error: EtcdError) {
        change { $0.lostAnswers.append(error) }
    }

    /// Forgets the changes before `revision`; watches that still need them end with `compacted`.
    package func compact(_ revision: Int64) {
        change { $0.store.compact(revision) }
    }

    private func change<Result>(_ body: (inout State) throws(EtcdError) -> Result) throws(EtcdError) -> Result {
        let result = state.withLock { state -> Swift.Result<Result, EtcdError> in
            do throws(EtcdError) {
                let result = try body(&state)
                Self.deliver(&state)
                return .success(result)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            Self.deliver(&state)
        }
    }

    private func call<Result>(_ body: (inout State) throws(EtcdError) -> Result) throws(EtcdError) -> Result {
        try change { state throws(EtcdError) in
            state.requests += 1
            if let outage = state.outage { throw outage }
            if !state.failures.isEmpty { throw state.failures.removeFirst() }
            return try body(&state)
        }
    }

    private static func deliver(_ state: inout State) {
        guard state.outage == nil else { return }
        let store = state.store
        for (id, watcher) in state.watchers.sorted(by: { $0.key < $1.key }) where watcher.next <= store.revision {
            if watcher.next <= store.compacted {
                state.watchers[id] = nil
                let error = EtcdError(.compacted, "revision \(watcher.next) has been compacted")
                watcher.continuation.finish(throwing: error)
                continue
            }
            let events = store.history.filter { $0.revision >= watcher.next && watcher.range.contains($0.key) }
            state.watchers[id]?.next = store.revision + 1
            guard let last = events.last else { continue }
            let batch = WatchBatch(revision: last.revision, events: events)
            // Asked here and not told by the stream's end: that comes while its task is cancelled, under the runtime's
            // lock of the task, which a yield takes, too. Each would have what the other waits for.
            if case .terminated = watcher.continuation.yield(batch) { state.watchers[id] = nil }
        }
    }
}

extension FakeEtcd: EtcdClient {
    package func range(_ request: RangeRequest) async throws(EtcdError) -> RangeResponse {
        try call { state throws(EtcdError) in try state.store.range(request) }
    }

    package func commit(_ transaction: Transaction) async throws(EtcdError) -> TransactionResponse {
        try call { state throws(EtcdError) in
            state.writes += 1
            let response = try state.store.commit(transaction)
            if !state.lostAnswers.isEmpty { throw state.lostAnswers.removeFirst() }
            return response
        }
    }

    package func grantLease(ttl: Int64) async throws(EtcdError) -> Lease {
        try call { state throws(EtcdError) in state.store.grant(ttl: ttl, now: state.now) }
    }

    package func keepAlive(_ lease: LeaseID) async throws(EtcdError) -> Lease? {
        try call { state throws(EtcdError) in state.store.keepAlive(lease, now: state.now) }
    }

    package func revoke(_ lease: LeaseID) async throws(EtcdError) {
        try call { state throws(EtcdError) in state.store.end(lease) }
    }

    package func watch(_ range: KeyRange, from revision: Int64) -> EtcdWatch {
        let (stream, continuation) = EtcdWatch.Stream.makeStream()
        state.withLock { state in
            state.nextWatcher += 1
            state.watches += 1
            let next = revision == 0 ? state.store.revision + 1 : revision
            let watcher = Watcher(range: range, next: next, continuation: continuation)
            state.watchers[state.nextWatcher] = watcher
            Self.deliver(&state)
        }
        return EtcdWatch(stream)
    }
}
