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
