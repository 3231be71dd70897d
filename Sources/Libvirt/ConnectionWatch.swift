import Synchronization

/// What libvirt's event thread may touch of a connection: whether it is closed, and who listens to its events.
final class ConnectionWatch: Sendable {
    private struct State {
        var isClosed = false
        var listeners: [Int32: AsyncStream<DomainEvent>.Continuation] = [:]
    }

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Remembers a listener by the id of its callback; ends its stream if the connection has closed meanwhile.
    func add(_ listener: AsyncStream<DomainEvent>.Continuation, id: Int32) {
        let isClosed = state.withLock { state in
            state.listeners[id] = listener
            return state.isClosed
        }
        if isClosed { listener.finish() }
    }

    /// Forgets a listener.
    ///
    /// - Returns: false when it was forgotten before.
    func remove(id: Int32) -> Bool {
        state.withLock { $0.listeners.removeValue(forKey: id) != nil }
    }

    /// Ends every listener's stream.
    ///
    /// - Returns: the callbacks that were registered.
    @discardableResult
    func connectionClosed() -> [Int32] {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return state.listeners
        }
        for listener in listeners.values { listener.finish() }
        return listeners.keys.sorted()
    }
}
