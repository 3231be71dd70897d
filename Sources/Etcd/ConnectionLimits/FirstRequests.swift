import NIOCore
import Synchronization

/// Connections whose first request has not come: they are closed after a while, during a handshake as well.
package final class FirstRequests: Sendable {
    private let waiting = Mutex<Set<ObjectIdentifier>>([])
    private let limit: TimeAmount

    package init(within limit: TimeAmount) { self.limit = limit }

    /// Closes the connection unless its first request comes in time.
    package func expect(on channel: any Channel) {
        let id = ObjectIdentifier(channel)
        waiting.withLock { _ = $0.insert(id) }
        let deadline = channel.eventLoop.scheduleTask(in: limit) { [self] in
            if came(on: id) { channel.close(promise: nil) }
        }
        channel.closeFuture.whenComplete { [self] _ in
            deadline.cancel()
            came(on: id)
        }
    }

    /// Notes that a request of the connection has come.
    package func came(on channel: any Channel) { came(on: ObjectIdentifier(channel)) }

    /// - Returns: whether it was waited for.
    @discardableResult
    private func came(on id: ObjectIdentifier) -> Bool { waiting.withLock { $0.remove(id) != nil } }
}
