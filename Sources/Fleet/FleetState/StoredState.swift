import Etcd

/// A unit state and the lease it lives under.
package struct StoredState: Sendable, Equatable {
    package var state: UnitState
    package var lease: LeaseID?

    package init(state: UnitState, lease: LeaseID? = nil) {
        self.state = state
        self.lease = lease
    }
}
