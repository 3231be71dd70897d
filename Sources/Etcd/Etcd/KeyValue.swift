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

/// A lease as etcd granted or renewed it.
package struct Lease: Sendable, Equatable {
    /// ID that keys are attached to.
    package var id: LeaseID
    /// Seconds until it ends, unless it is renewed. etcd raises what it finds too short
    /// (1.5 × its election timeout).
    package var ttl: Int64
    /// The store's revision when etcd answered.
    package var revision: Int64

    package init(id: LeaseID, ttl: Int64, revision: Int64) {
        self.id = id
        self.ttl = ttl
        self.revision = revision
    }
}

/// The number by which etcd knows a lease.
package struct LeaseID: Sendable, Hashable, CustomStringConvertible {
    /// Number as etcd has it.
    package var rawValue: Int64

    package init(_ rawValue: Int64) {
        self.rawValue = rawValue
    }

    package var description: String { String(rawValue, radix: 16) }
}
