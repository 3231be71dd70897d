/// A value with etcd's revision of its last change.
package struct Versioned<Value: Sendable & Equatable>: Sendable, Equatable {
    /// Value of the key.
    package var value: Value
    /// etcd's revision of the key.
    package var revision: Int64

    package init(_ value: Value, revision: Int64) {
        self.value = value
        self.revision = revision
    }
}
