import Synchronization

/// Remembers which endpoint to ask: the one that answered last, until it fails.
///
/// The first endpoint is the preferred one, as a machine's own etcd is: after others had to stand in for it, it is
/// asked again from time to time, and taken back when it answers.
final class EndpointRouter: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct State {
        var current = 0
        var pause = EndpointRouter.pauses.shortest
        /// Time at which the first endpoint is tried again; nil while it is the current one.
        var firstAgain: Instant?
    }

    /// Between two questions whether the first endpoint is back; they double from the shortest to the longest.
    static let pauses = (shortest: Duration.seconds(1), longest: Duration.seconds(15))

    private let count: Int
    private let state = Mutex(State())

    init(count: Int) {
        self.count = count
    }

    var current: Int { state.withLock { $0.current } }

    /// The endpoint for a request.
    ///
    /// - Parameter mayFail: another endpoint can do it if this one does not, so it may go to the first one on trial.
    func endpoint(mayFail: Bool, now: Instant = .now) -> Int {
        state.withLock { state in
            guard mayFail, let again = state.firstAgain, again <= now else { return state.current }
            // One request finds out; the others need not wait for it.
            state.pause = min(state.pause * 2, Self.pauses.longest)
            state.firstAgain = now + state.pause
            return 0
        }
    }

    func answered(_ index: Int, now: Instant = .now) {
        state.withLock { state in
            guard state.current != index else { return }
            state.current = index
            Self.plan(&state, now)
        }
    }

    /// Goes on to the next endpoint, unless another request has already left this one.
    func leave(_ failed: Int, now: Instant = .now) {
        state.withLock { state in
            guard state.current == failed else { return }
            state.current = (failed + 1) % max(count, 1)
            Self.plan(&state, now)
        }
    }

    private static func plan(_ state: inout State, _ now: Instant) {
        if state.current == 0 {
            (state.firstAgain, state.pause) = (nil, pauses.shortest)
        } else if state.firstAgain == nil {
            state.firstAgain = now + state.pause
        }
    }
}
