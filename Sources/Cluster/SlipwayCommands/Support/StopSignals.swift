import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// SIGINT, SIGTERM and SIGHUP for all works that are guarded; while none is, they end the program as usual.
///
/// The sources are made with the first work and stay: libdispatch has a signal reach its sources by a handler that it
/// installs with the first of them, and one made while an earlier one is still being cancelled is left without.
enum StopSignals {
    private struct State {
        var handlers: [Int: @Sendable (Int32) -> Void] = [:]
        var count = 0
    }

    private static let state = Mutex(State())

    /// Ends once the sources listen. A SIGHUP that was ignored before, as by nohup, stays so.
    private static let listening = Task {
        // A queue of its own has a thread of its own, whatever else has much to do.
        let queue = DispatchQueue(label: "slipway.interrupt")
        let handled = [SIGINT, SIGTERM, SIGHUP].filter { $0 != SIGHUP || !isIgnored($0) }
        let (registrations, registration) = AsyncStream.makeStream(of: Void.self)
        for number in handled {
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // It holds itself, for as long as the program runs.
            source.setEventHandler { withExtendedLifetime(source) { deliver(number) } }
            source.setRegistrationHandler { registration.yield() }
            source.resume()
        }
        var registered = registrations.makeAsyncIterator()
        for _ in handled { await registered.next() }
    }

    /// Runs `work`, and hands `handler` the number of each signal that comes meanwhile, on a queue of its own.
    static func handling<Result>(
        _ handler: @escaping @Sendable (Int32) -> Void,
        while work: () async throws -> Result,
    ) async rethrows -> Result {
        await listening.value
        let id = state.withLock { state in
            state.count += 1
            state.handlers[state.count] = handler
            return state.count
        }
        defer { state.withLock { $0.handlers[id] = nil } }
        return try await work()
    }

    private static func deliver(_ number: Int32) {
        let handlers = state.withLock { $0.handlers.sorted { $0.key < $1.key }.map(\.value) }
        for handler in handlers { handler(number) }
        guard handlers.isEmpty else { return }
        signal(number, SIG_DFL)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN as __sighandler_t?, to: Int.self)
    }
}
