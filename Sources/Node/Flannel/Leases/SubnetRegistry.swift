import Basics

/// A container network's configuration and leases, as all its nodes see them.
package protocol SubnetRegistry: Sendable {
    /// Everything at one moment.
    func state() async throws -> NetworkState

    /// Writes the configuration if it is still as it was read.
    ///
    /// - Returns: whether it was.
    func setConfig(_ text: String, over state: NetworkState) async throws -> Bool

    /// Gives a subnet to a node, if it is nobody's.
    ///
    /// - Returns: the lease; nil when somebody else was faster.
    func take(_ subnet: CIDRv4, _ attributes: LeaseAttributes, for time: Duration) async throws -> StoredLease?

    /// Makes a lease last from now on, if it is still as it was read.
    ///
    /// - Returns: the lease; nil when it is gone or changed.
    func renew(_ lease: StoredLease, _ attributes: LeaseAttributes, for time: Duration) async throws -> StoredLease?

    /// Takes a lease back, if it is still as it was read.
    func release(_ lease: StoredLease) async throws

    /// Returns when something has changed since that moment, or when the time is up.
    func change(since position: NetworkState.Position, within limit: Duration) async throws
}
