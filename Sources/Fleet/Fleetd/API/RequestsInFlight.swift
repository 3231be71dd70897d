import Synchronization

/// Counter of the requests that are being answered, so that the end of fleetd cuts none off.
final class RequestsInFlight: Sendable {
    private struct State {
        var count = 0
        var isEnding = false
    }

    private let state = Mutex(State())
    /// Ends once there is to be an end and nothing is being answered.
    private let idle: AsyncStream<Never>
    private let becameIdle: AsyncStream<Never>.Continuation

    init() {
        (idle, becameIdle) = AsyncStream.makeStream(of: Never.self)
    }

    /// True once fleetd ends: nothing that fails from then on is an error.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    var count: Int { state.withLock { $0.count } }

    /// Counts a request until ``finished()``.
    func began() {
        state.withLock { $0.count += 1 }
    }

    func finished() {
        let isLast = state.withLock {
            $0.count -= 1
            return $0.isEnding && $0.count == 0
        }
        if isLast { becameIdle.finish() }
    }

    func willEnd() {
        state.withLock { $0.isEnding = true }
    }

    /// Waits until nothing is being answered, but no longer than `limit`; returns at once when the task is cancelled.
    ///
    /// - Returns: how many requests were not answered in time.
    func end(within limit: Duration) async -> Int {
        let isIdle = state.withLock {
            $0.isEnding = true
            return $0.count == 0
        }
        if isIdle { return 0 }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in self.idle {} }
            // A sleep fails only when it is cancelled, which ends the wait as it should.
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return count
    }
}
