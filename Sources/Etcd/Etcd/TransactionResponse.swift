/// What became of a transaction.
package struct TransactionResponse: Sendable, Equatable {
    /// The store's revision after it.
    package var revision: Int64
    /// Whether the preconditions held.
    package var succeeded: Bool
    /// One for each operation of the branch taken, in order.
    package var results: [OperationResult]

    package init(revision: Int64, succeeded: Bool, results: [OperationResult]) {
        self.revision = revision
        self.succeeded = succeeded
        self.results = results
    }

    /// What the reads of the branch found, in order.
    package var ranges: [RangeResponse] {
        results.compactMap { result in
            if case .range(let response) = result { response } else { nil }
        }
    }
}
