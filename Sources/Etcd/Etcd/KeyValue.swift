/// A key as etcd stores it. Keys are UTF-8 text here; values are bytes.
package struct KeyValue: Sendable, Equatable {
    /// Key.
    package var key: String
    /// Value, as bytes.
    package var value: [UInt8]
    /// The store's revision when the key was created.
    package var createRevision: Int64
    /// The store's revision of the last write to the key.
    package var modRevision: Int64
    /// Writes since creation; 1 for a new key.
    package var version: Int64
    /// The lease that deletes the key when it ends.
    package var lease: LeaseID?

    package init(
        key: String,
        value: [UInt8],
        createRevision: Int64,
        modRevision: Int64,
        version: Int64,
        lease: LeaseID? = nil,
    ) {
        self.key = key
        self.value = value
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.lease = lease
    }

    /// The value as text; bytes that are no UTF-8 become U+FFFD.
    package var text: String { String(decoding: value, as: UTF8.self) }
}
