import RebootLock
import Synchronization

/// locksmith's semaphore in memory.
package final class FakeRebootLock: RebootLocking {
    /// Error of a lock that cannot be reached.
    package struct Away: Error {
        package init() {}
    }

    private struct State {
        var semaphore: RebootSemaphore
        var isAway = false
        var most = 0
        var listeners: [AsyncStream<Void>.Continuation] = []
    }

    private let state: Mutex<State>

    /// Creates a lock that nobody holds.
    package init(max: Int = 1) {
        state = Mutex(State(semaphore: RebootSemaphore(max: max)))
    }

    /// Holders of the lock now.
    package var holders: [String] { state.withLock { $0.semaphore.holders } }
    /// The most that ever had a place together.
    package var most: Int { state.withLock { $0.most } }

    /// Whether it can be reached.
    package func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    package func semaphore() async throws -> RebootSemaphore { try change { $0 } }

    package func take(_ holder: String) async throws -> (taken: Bool, semaphore: RebootSemaphore) {
        try change { ($0.take(holder), $0) }
    }

    @discardableResult
    package func release(_ holder: String) async throws -> Bool { try change { $0.release(holder) } }

    package func setMax(_ count: Int) async throws -> Int {
        try change { semaphore in
            defer { semaphore.setMax(count) }
            return semaphore.max
        }
    }

    package func change(from seen: RebootSemaphore, within limit: Duration) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let isSame = state.withLock { state in
            state.listeners.append(continuation)
            return state.semaphore == seen
        }
        guard isSame else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stream { return } }
            group.addTask { try await Task.sleep(for: limit) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func change<Result>(_ body: (inout RebootSemaphore) -> Result) throws -> Result {
        let (result, listeners) = try state.withLock { state in
            guard !state.isAway else { throw Away() }
            let before = state.semaphore
            let result = body(&state.semaphore)
            state.most = max(state.most, state.semaphore.holders.count)
            return (result, before == state.semaphore ? [] : state.listeners)
        }
        for listener in listeners { listener.yield() }
        return result
    }
}
