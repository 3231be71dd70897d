/// A read of one key or a prefix.
package struct RangeRequest: Sendable, Equatable {
    /// Keys to read.
    package var range: KeyRange
    /// Read the store as it was at this revision; 0 is now.
    package var revision: Int64
    /// At most this many keys; 0 is all.
    package var limit: Int64
    /// Leave the values out.
    package var keysOnly: Bool
    /// Answer from the endpoint's own copy, which may be old, without asking the leader.
    package var serializable: Bool

    package init(
        _ range: KeyRange,
        revision: Int64 = 0,
        limit: Int64 = 0,
        keysOnly: Bool = false,
        serializable: Bool = false,
    ) {
        self.range = range
        self.revision = revision
        self.limit = limit
        self.keysOnly = keysOnly
        self.serializable = serializable
    }
}
