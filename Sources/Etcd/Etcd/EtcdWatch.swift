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
