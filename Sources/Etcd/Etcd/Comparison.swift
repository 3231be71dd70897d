/// A precondition of a transaction.
package struct Comparison: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        case value([UInt8])
        /// Writes since the key was created; 0 when there is no such key.
        case version(Int64)
        case createRevision(Int64)
        case modRevision(Int64)
        case lease(LeaseID)
    }

    package enum Relation: String, Sendable, Equatable {
        case equal = "EQUAL"
        case notEqual = "NOT_EQUAL"
        case greater = "GREATER"
        case less = "LESS"
    }

    package var key: String
    package var relation: Relation
    package var target: Target

    package init(_ key: String, _ relation: Relation = .equal, _ target: Target) {
        self.key = key
        self.relation = relation
        self.target = target
    }

    package static func exists(_ key: String) -> Comparison {
        Comparison(key, .greater, .version(0))
    }

    package static func missing(_ key: String) -> Comparison {
        Comparison(key, .equal, .version(0))
    }

    /// Nobody has written the key since it was read.
    package static func unchanged(_ keyValue: KeyValue) -> Comparison {
        Comparison(keyValue.key, .equal, .modRevision(keyValue.modRevision))
    }

    package static func unchanged(_ key: String, since modRevision: Int64) -> Comparison {
        Comparison(key, .equal, .modRevision(modRevision))
    }

    package static func value(_ key: String, is text: String) -> Comparison {
        Comparison(key, .equal, .value(Array(text.utf8)))
    }
}
