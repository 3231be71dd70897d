/// etcd's key-value store, leases and watches.
///
/// Every call has a deadline. Errors are ``EtcdError``; after `timeout` a write may have happened.
package protocol EtcdClient: Sendable {
    /// Reads keys.
    func range(_ request: RangeRequest) async throws(EtcdError) -> RangeResponse

    /// Commits a transaction; failed conditions are an answer and not an error.
    func commit(_ transaction: Transaction) async throws(EtcdError) -> TransactionResponse

    /// - Parameter ttl: seconds.
    func grantLease(ttl: Int64) async throws(EtcdError) -> Lease

    /// - Returns: `nil` when the lease is gone.
    func keepAlive(_ lease: LeaseID) async throws(EtcdError) -> Lease?

    /// Ends the lease and deletes its keys. One that is gone already is no error.
    func revoke(_ lease: LeaseID) async throws(EtcdError)

    /// - Parameter revision: the first revision to report; 0 is from now.
    func watch(_ range: KeyRange, from revision: Int64) -> EtcdWatch
}

extension EtcdClient {
    /// Reads one key; nil where it does not exist.
    package func get(_ key: String) async throws(EtcdError) -> KeyValue? {
        try await range(RangeRequest(.key(key))).keyValues.first
    }

    /// - Returns: the store's new revision.
    @discardableResult
    package func put(_ key: String, _ text: String, lease: LeaseID? = nil) async throws(EtcdError) -> Int64 {
        try await commit(Transaction(then: [.put(key, text, lease: lease)])).revision
    }

    /// - Returns: how many keys were deleted.
    @discardableResult
    package func delete(_ range: KeyRange) async throws(EtcdError) -> Int64 {
        guard case .delete(let count)? = try await commit(Transaction(then: [.delete(range)])).results.first else {
            return 0
        }
        return count
    }
}
