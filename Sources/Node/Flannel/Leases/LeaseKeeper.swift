import Basics

/// One node's lease of a subnet: taken, renewed, taken again.
///
/// Whatever comes between, a request whose answer was lost, a restart, a lease that has ended, the next step goes by
/// what etcd has then. A subnet is taken by a comparison in etcd alone, so that it never has two holders there.
package struct LeaseKeeper: Sendable {
    /// Time that a lease lasts, as the original's do.
    package static let usualTime = Duration.seconds(24 * 3600)

    /// A lease, and how long it surely lasts by this node's clock.
    package struct Held: Sendable, Hashable {
        /// The lease as etcd has it.
        package var lease: StoredLease
        /// Since when it is to be renewed.
        package var renewal: ContinuousClock.Instant
        /// Until when nobody else can have been given the subnet, etcd's clock differing by up to a hundredth.
        package var certainUntil: ContinuousClock.Instant
    }

    /// Result of a step.
    package enum Outcome: Sendable, Hashable {
        /// The lease is held.
        case held
        /// Somebody else was faster, or etcd has changed meanwhile: the state is to be read again.
        case again
        /// The subnet that this node had is another's, or none of the network's any more.
        case lost(CIDRv4)
        /// Every subnet is given.
        case full
    }

    /// Address of the node.
    package let publicIP: IPv4Address
    /// Time that a lease lasts.
    package let time: Duration
    /// The lease, once there is one.
    package private(set) var held: Held?
    /// The subnet that the node had before this program began, which its containers still have.
    package private(set) var previous: CIDRv4?

    package init(publicIP: IPv4Address, previous: CIDRv4? = nil, time: Duration = usualTime) {
        self.publicIP = publicIP
        self.previous = previous
        self.time = time
    }

    /// Time before the end of a lease at which it is renewed, as the original's is.
    private var margin: Duration { min(.seconds(3600), time / 4) }

    /// Takes, renews or keeps the lease.
    ///
    /// - Parameters:
    ///   - state: of the network, as read just now.
    ///   - attributes: of this node.
    ///   - now: the node's clock.
    package mutating func step(
        _ state: NetworkState,
        _ config: NetworkConfig,
        _ attributes: LeaseAttributes,
        in registry: some SubnetRegistry,
        now: () -> ContinuousClock.Instant,
    ) async throws -> Outcome {
        let own = held?.lease.subnet
        switch SubnetChoice(state.leases, in: config, for: publicIP, previous: own ?? previous) {
        case .full: return own.map { .lost($0) } ?? .full
        case .keep(let stored):
            if let own, stored.subnet != own { return .lost(own) }
            if let held, held.renewal > now(), stored.attributes == attributes {
                self.held?.lease = stored
                return .held
            }
            let asked = now()
            guard let renewed = try await registry.renew(stored, attributes, for: time) else { return .again }
            hold(renewed, since: asked)
            return .held
        case .take(let subnet):
            // The lease has ended, or somebody has removed it. Another subnet needs another bridge: a new beginning.
            if let own, subnet != own { return .lost(own) }
            let asked = now()
            guard let taken = try await registry.take(subnet, attributes, for: time) else { return .again }
            hold(taken, since: asked)
            return .held
        }
    }

    /// Leases of this node's beside the one that it holds.
    package func surplus(in state: NetworkState) -> [StoredLease] {
        guard let held else { return [] }
        return SubnetChoice.surplus(state.leases, of: publicIP, beside: held.lease.subnet)
    }

    private mutating func hold(_ lease: StoredLease, since asked: ContinuousClock.Instant) {
        previous = lease.subnet
        let certain = lease.isPermanent ? Duration.seconds(1 << 40) : time / 100 * 98
        held = Held(lease: lease, renewal: asked + time - margin, certainUntil: asked + certain)
    }
}
