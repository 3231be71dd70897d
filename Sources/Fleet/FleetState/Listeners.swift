import Synchronization

/// Streams of a value's changes. One who is slow gets the newest value and misses those between.
///
/// Not locked itself, so that values can be delivered in their order, under the lock that orders them.
package struct Listeners<Value: Sendable>: Sendable {
    /// Which streams have ended, with a lock of its own under which nothing else happens. A stream ends while its task
    /// is cancelled, which holds the runtime's lock of that task; telling it a value takes that lock, too. With one
    /// lock for both, each of two threads can have what the other waits for.
    private final class Ended: Sendable {
        private let ids = Mutex(Set<Int>())

        func insert(_ id: Int) { ids.withLock { _ = $0.insert(id) } }

        func take() -> Set<Int> {
            ids.withLock { ids in
                defer { ids = [] }
                return ids
            }
        }
    }

    private var continuations: [Int: AsyncStream<Value>.Continuation] = [:]
    private var last = 0
    private let ended = Ended()

    package init() {}

    /// Number of streams that have not ended.
    package var count: Int {
        mutating get {
            forgetEnded()
            return continuations.count
        }
    }

    /// - Parameter present: the first value; `nil` for none yet.
    package mutating func listen(_ present: Value?) -> AsyncStream<Value> {
        forgetEnded()
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        last += 1
        let (id, ended) = (last, ended)
        continuation.onTermination = { _ in ended.insert(id) }
        if let present { continuation.yield(present) }
        continuations[id] = continuation
        return stream
    }

    /// Gives a value to every listener.
    package mutating func tell(_ value: Value) {
        forgetEnded()
        for continuation in continuations.values { continuation.yield(value) }
    }

    /// Ends all streams.
    package mutating func finish() {
        for continuation in continuations.values { continuation.finish() }
        forgetEnded()
    }

    private mutating func forgetEnded() {
        for id in ended.take() { continuations[id] = nil }
    }
}
