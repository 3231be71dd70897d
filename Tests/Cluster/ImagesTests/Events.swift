import Images
import Synchronization

/// Collects what a store tells.
final class Events: Sendable {
    private let events = Mutex<[ImageEvent]>([])

    var all: [ImageEvent] { events.withLock { $0 } }

    func append(_ event: ImageEvent) {
        events.withLock { $0.append(event) }
    }
}
