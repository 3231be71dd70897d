/// Mode of rebalancing: moving units to machines with less load.
package enum RebalanceMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// A unit stays where it is as long as it may.
    case off
    /// Until the load is even, then off.
    case once
    /// Whenever the load is uneven, as after a machine has come back.
    case automatic
}
