/// What a read found, in order of the keys.
package struct RangeResponse: Sendable, Equatable {
    /// The store's revision when it was read; a watch from the next one misses nothing.
    package var revision: Int64
    /// Keys found, in the order of the request.
    package var keyValues: [KeyValue]
    /// All keys of the range, also those beyond the limit.
    package var count: Int64

    package init(revision: Int64, keyValues: [KeyValue], count: Int64) {
        self.revision = revision
        self.keyValues = keyValues
        self.count = count
    }
}
