import Provisioning

/// Leases in memory, in a libvirt that may be away.
package actor FakeLeases: LeaseStore {
    private var leases: [String: LeaseRecord] = [:]
    private var isAway = false
    private var listeners: [AsyncStream<String>.Continuation] = []
    private var onLook: (@Sendable (FakeLeases) async -> Void)?

    package init() {}

    /// Whether every call fails.
    package func setAway(_ isAway: Bool) { self.isAway = isAway }

    /// Does something just before the next look at a lease.
    package func beforeNextLook(_ body: @escaping @Sendable (FakeLeases) async -> Void) { onLook = body }

    package func lease(of cluster: String) async throws -> LeaseRecord? {
        if let body = onLook {
            onLook = nil
            await body(self)
        }
        try requirePresence()
        return leases[cluster]
    }

    package func changedLeases() async -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        listeners.append(continuation)
        return stream
    }

    private func tell(_ cluster: String) {
        for listener in listeners { listener.yield(cluster) }
    }

    package func create(_ lease: LeaseRecord) async throws -> Bool {
        try requirePresence()
        guard leases[lease.cluster] == nil else { return false }
        leases[lease.cluster] = lease
        tell(lease.cluster)
        return true
    }

    package func renew(_ lease: LeaseRecord) async throws -> Bool {
        try requirePresence()
        guard leases[lease.cluster]?.id == lease.id else { return false }
        leases[lease.cluster] = lease
        tell(lease.cluster)
        return true
    }

    package func remove(_ lease: LeaseRecord) async throws {
        try requirePresence()
        guard leases[lease.cluster]?.id == lease.id else { return }
        leases[lease.cluster] = nil
        tell(lease.cluster)
    }

    private func requirePresence() throws {
        if isAway { throw ProviderError(.connection, "libvirt does not answer") }
    }
}
