import Synchronization

/// Remembers which endpoint to ask: the one that answered last, until it fails.
final class EndpointRouter: Sendable {
    private let count: Int
    private let index = Mutex(0)

    init(count: Int) {
        self.count = count
    }

    var current: Int { index.withLock { $0 } }

    /// Goes on to the next endpoint, unless another request has already left this one.
    func leave(_ failed: Int) {
        index.withLock { current in
            if current == failed { current = (failed + 1) % max(count, 1) }
        }
    }
}
