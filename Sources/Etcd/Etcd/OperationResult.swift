/// What one operation of a transaction did.
package enum OperationResult: Sendable, Equatable {
    case put
    /// How many keys were deleted.
    case delete(count: Int64)
    case range(RangeResponse)
}
