/// One operation of a transaction.
package enum Operation: Sendable, Equatable {
    case put(key: String, value: [UInt8], lease: LeaseID?)
    case delete(KeyRange)
    case range(RangeRequest)

    /// Writes a key, attached to a lease if there is one.
    package static func put(_ key: String, _ text: String, lease: LeaseID? = nil) -> Operation {
        .put(key: key, value: Array(text.utf8), lease: lease)
    }

    /// Deletes a key.
    package static func delete(_ key: String) -> Operation {
        .delete(.key(key))
    }

    /// Deletes every key with this prefix.
    package static func deletePrefix(_ prefix: String) -> Operation {
        .delete(.prefix(prefix))
    }
}
