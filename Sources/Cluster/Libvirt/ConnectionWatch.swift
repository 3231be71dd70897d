import Synchronization

/// State of a connection that libvirt's event thread may touch: whether it is closed, and the listeners to its events.
final class ConnectionWatch: Sendable {
    private struct State {
        var isClosed = false
        var domains: [Int: AsyncStream<DomainEvent>.Continuation] = [:]
        var networks: [Int: AsyncStream<String>.Continuation] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// A stream of the events of domains from now on, until the connection closes.
    func listen() -> AsyncStream<DomainEvent> { listen(\.domains) }

    /// A stream of the names of networks that change from now on, until the connection closes.
    func listenToNetworks() -> AsyncStream<String> { listen(\.networks) }

    private func listen<Event>(
        _ listeners: any WritableKeyPath<State, [Int: AsyncStream<Event>.Continuation]> & Sendable
    ) -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
        let (id, isClosed) = state.withLock { state in
            state.count += 1
            state[keyPath: listeners][state.count] = continuation
            return (state.count, state.isClosed)
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0[keyPath: listeners][id] = nil }
        }
        if isClosed { continuation.finish() }
        return stream
    }

    /// Tells every listener.
    func domainChanged(_ event: DomainEvent) {
        let listeners = state.withLock { Array($0.domains.values) }
        for listener in listeners { listener.yield(event) }
    }

    /// Tells every listener.
    func networkChanged(_ name: String) {
        let listeners = state.withLock { Array($0.networks.values) }
        for listener in listeners { listener.yield(name) }
    }

    /// Ends every listener's stream.
    func connectionClosed() {
        let (domains, networks) = state.withLock { state in
            state.isClosed = true
            defer { (state.domains, state.networks) = ([:], [:]) }
            return (Array(state.domains.values), Array(state.networks.values))
        }
        for listener in domains { listener.finish() }
        for listener in networks { listener.finish() }
    }
}
