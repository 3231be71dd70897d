import NIOCore
import Synchronization

/// A connection that a listener took and nobody serves yet. One that is dropped before that, as the listener ends, is
/// closed: a channel that is let go of without having been served ends the program.
package final class AcceptedConnection<Inbound: Sendable, Outbound: Sendable>: Sendable {
    private let channel: NIOAsyncChannel<Inbound, Outbound>
    private let isServed = Mutex(false)

    package init(_ channel: NIOAsyncChannel<Inbound, Outbound>) { self.channel = channel }

    deinit {
        guard !isServed.withLock({ $0 }) else { return }
        let channel = channel
        Task {
            do {
                try await channel.executeThenClose { _, _ in }
            } catch {
                // It is closed as was asked, or was before.
                return
            }
        }
    }

    /// The channel, for its server, which closes it.
    package func serve() -> NIOAsyncChannel<Inbound, Outbound> {
        isServed.withLock { $0 = true }
        return channel
    }
}

extension NIOAsyncChannel {
    /// The channel before it is served.
    package typealias Accepted = AcceptedConnection<Inbound, Outbound>
}
