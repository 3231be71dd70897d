/// The changes of a range from a revision on, without a gap.
///
/// Lost connections are made again, from the revision after the last batch, for as long as it takes. The
/// sequence ends only with an ``EtcdError``: `compacted`, when etcd no longer has the changes to resume from (then read
/// the range and watch anew), or `refused`. Iterate it once; the connection closes when the iteration ends.
package struct EtcdWatch: AsyncSequence, Sendable {
    /// Changes of one revision or more.
    package typealias Element = WatchBatch
    /// Stream that a watch reads from.
    package typealias Stream = AsyncThrowingStream<WatchBatch, any Error>

    private let stream: Stream

    /// `produce` reports batches until it is cancelled or has to throw.
    package init(produce: @escaping @Sendable (Stream.Continuation) async throws -> Void) {
        stream = Stream { continuation in
            // The task ends with the iteration: `onTermination` is called when its task is cancelled or the
            // iterator goes away.
            let task = Task {
                do {
                    try await produce(continuation)
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    package init(_ stream: Stream) {
        self.stream = stream
    }

    package func makeAsyncIterator() -> Stream.AsyncIterator {
        stream.makeAsyncIterator()
    }
}

/// Changes a watch reports together. The changes of one revision are never in two batches.
package struct WatchBatch: Sendable, Equatable {
    /// Everything up to this revision has been reported.
    package var revision: Int64
    /// Changes, in the order of their revisions.
    package var events: [KeyEvent]

    package init(revision: Int64, events: [KeyEvent]) {
        self.revision = revision
        self.events = events
    }
}

/// A change of a key, as a watch reports it.
package enum KeyEvent: Sendable, Equatable {
    case put(KeyValue)
    case delete(key: String, revision: Int64)

    /// Key that changed.
    package var key: String {
        switch self {
        case .put(let keyValue): keyValue.key
        case .delete(let key, _): key
        }
    }

    /// The store's revision of the change.
    package var revision: Int64 {
        switch self {
        case .put(let keyValue): keyValue.modRevision
        case .delete(_, let revision): revision
        }
    }
}
