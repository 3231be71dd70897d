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
