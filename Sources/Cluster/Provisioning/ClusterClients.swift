import Etcd
import Planning
import RebootLock

/// Clients for etcd, fleet and the reboot lock of one running cluster.
package protocol ClusterClients: Sendable {
    /// - Parameter endpoints: client URLs of etcd members.
    func etcd(_ endpoints: [String]) -> any EtcdCluster
    /// Client of fleet.
    func fleet(_ endpoints: [String]) -> any FleetAccess
    /// - Parameter group: of nodes that share a semaphore; the empty one is the default.
    func rebootLock(_ endpoints: [String], group: String) -> any RebootLocking
}

/// Access to fleet, as provisioning needs it.
package protocol FleetAccess: Sendable {
    /// All of fleet's state, in one reading.
    func observe() async throws -> ObservedFleet
    /// Reads at once and again after every change, until `done` says so or the time, counted from the first reading, is
    /// up.
    ///
    /// - Returns: what was seen last, and whether `done` held for it.
    func observe(
        until done: @escaping @Sendable (ObservedFleet) -> Bool,
        limit: Duration,
    ) async throws -> (fleet: ObservedFleet, done: Bool)
    /// Makes or replaces the unit, sets what is wanted of it, and records that Slipway deployed it.
    func deploy(_ unit: UnitPlan) async throws
    /// Takes away the unit and the record of it; one that is not there is no error.
    func destroy(_ unit: String) async throws
    /// Records that Slipway deployed these units, so that they are taken away when the file does not name them any
    /// more.
    func record(deployed units: [String]) async throws
    /// Lets machines that are about to leave take no more units, for as long as leaving may take them.
    func drain(_ machineIDs: Set<String>) async throws
    /// Forgets that a machine was drained.
    func endDrain(machineID: String) async throws
    /// Asks a machine to stop its units and leave.
    ///
    /// - Returns: false where its fleetd cannot be asked so.
    func askToLeave(machineID: String) async throws -> Bool
    /// Ends a machine's presence on its behalf, when it can't itself.
    func forget(machineID: String) async throws
}
