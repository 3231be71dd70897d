import Synchronization

/// State of a connection that libvirt's event thread may touch: whether it is closed, and the listeners to its events.
final class ConnectionWatch: Sendable {
    private struct State {
        var isClosed = false
        var listeners: [Int: AsyncStream<DomainEvent>.Continuation] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// A stream of the connection's events from now on, until the connection closes.
    func listen() -> AsyncStream<DomainEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: DomainEvent.self)
        let (id, isClosed) = state.withLock { state in
            state.count += 1
            state.listeners[state.count] = continuation
            return (state.count, state.isClosed)
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.listeners[id] = nil }
        }
        if isClosed { continuation.finish() }
        return stream
    }

    /// Tells every listener.
    func domainChanged(_ event: DomainEvent) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(event) }
    }

    /// Ends every listener's stream.
    func connectionClosed() {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
