import Synchronization

/// Admits a number of operations at a time, first come, first served.
package final class Turns: Sendable {
    private struct State {
        var free: Int
        var last = 0
        /// In the order in which they came.
        var waiting: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        /// Those whose task was cancelled before they could wait.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// - Parameter count: number of operations at a time; at least one.
    package init(_ count: Int) {
        state = Mutex(State(free: max(count, 1)))
    }

    /// Runs `operation` when it is its turn.
    ///
    /// - Throws: the operation's error; `CancellationError` when the task is cancelled while it waits.
    package func take<Result>(_ operation: () async throws -> Result) async throws -> Result {
        try await wait()
        defer { end() }
        return try await operation()
    }

    private func wait() async throws {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let answer: Swift.Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.contains(id) { return .failure(CancellationError()) }
                    guard state.free > 0 else {
                        state.waiting.append((id, continuation))
                        return nil
                    }
                    state.free -= 1
                    return .success(())
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            waiting?.resume(throwing: CancellationError())
        }
    }

    private func end() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}
