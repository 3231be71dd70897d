import Etcd

/// A unit state and the lease it lives under.
package struct StoredState: Sendable, Equatable {
    /// State of the unit.
    package var state: UnitState
    /// Lease of the machine that reported it; nil for none.
    package var lease: LeaseID?

    package init(state: UnitState, lease: LeaseID? = nil) {
        self.state = state
        self.lease = lease
    }
}
