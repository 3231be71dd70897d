/// A precondition of a transaction.
package struct Comparison: Sendable, Equatable {
    /// Property of a key that is compared, and the value to compare it with.
    package enum Target: Sendable, Equatable {
        case value([UInt8])
        /// Writes since the key was created; 0 when there is no such key.
        case version(Int64)
        case createRevision(Int64)
        case modRevision(Int64)
        case lease(LeaseID)
    }

    /// Relation in which the property has to stand to the value.
    package enum Relation: String, Sendable, Equatable {
        case equal = "EQUAL"
        case notEqual = "NOT_EQUAL"
        case greater = "GREATER"
        case less = "LESS"
    }

    /// Key to compare.
    package var key: String
    /// Relation that has to hold.
    package var relation: Relation
    /// Property and value.
    package var target: Target

    package init(_ key: String, _ relation: Relation = .equal, _ target: Target) {
        self.key = key
        self.relation = relation
        self.target = target
    }

    /// Holds when the key exists.
    package static func exists(_ key: String) -> Comparison {
        Comparison(key, .greater, .version(0))
    }

    /// Holds when the key does not exist.
    package static func missing(_ key: String) -> Comparison {
        Comparison(key, .equal, .version(0))
    }

    /// Nobody has written the key since it was read.
    package static func unchanged(_ keyValue: KeyValue) -> Comparison {
        Comparison(keyValue.key, .equal, .modRevision(keyValue.modRevision))
    }

    /// Holds when the key was last written at this revision.
    package static func unchanged(_ key: String, since modRevision: Int64) -> Comparison {
        Comparison(key, .equal, .modRevision(modRevision))
    }

    /// Holds when the key has this text.
    package static func value(_ key: String, is text: String) -> Comparison {
        Comparison(key, .equal, .value(Array(text.utf8)))
    }
}
