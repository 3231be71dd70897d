/// Operations that happen all at once, if the preconditions hold.
///
/// etcd refuses more than ``maximumOperations`` of a kind, and two writes to one key.
package struct Transaction: Sendable, Equatable {
    /// etcd's `--max-txn-ops`, and the limit for preconditions too.
    package static let maximumOperations = 128

    /// Conditions that must all hold.
    package var conditions: [Comparison]
    /// Operations when they hold.
    package var success: [Operation]
    /// Done instead when a precondition does not hold.
    package var failure: [Operation]

    package init(if conditions: [Comparison] = [], then success: [Operation], else failure: [Operation] = []) {
        self.conditions = conditions
        self.success = success
        self.failure = failure
    }
}

/// Result of a transaction.
package struct TransactionResponse: Sendable, Equatable {
    /// The store's revision after it.
    package var revision: Int64
    /// True when the preconditions held.
    package var succeeded: Bool
    /// One for each operation of the branch taken, in order.
    package var results: [OperationResult]

    package init(revision: Int64, succeeded: Bool, results: [OperationResult]) {
        self.revision = revision
        self.succeeded = succeeded
        self.results = results
    }

    /// Results of the branch's reads, in order.
    package var ranges: [RangeResponse] {
        results.compactMap { result in
            if case .range(let response) = result { response } else { nil }
        }
    }
}

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
}

/// Result of one operation of a transaction.
package enum OperationResult: Sendable, Equatable {
    case put
    /// Number of deleted keys.
    case delete(count: Int64)
    case range(RangeResponse)
}

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

    /// The key has not been written since it was read.
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
