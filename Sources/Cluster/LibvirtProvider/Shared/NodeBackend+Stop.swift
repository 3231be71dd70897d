import Libvirt
import Planning
import Provisioning

/// Time that libvirt may take to end a domain by force, beyond its call.
private let destroyTimeout = Duration.seconds(10)
/// Interval at which a domain's state is asked for, in case its event is lost.
private let pollInterval = Duration.milliseconds(250)

/// Number of requests in a row that reach nothing, after which a domain that libvirt calls active has ended: at times
/// libvirt does not notice that a container's supervisor has.
private let missLimit = 3

/// The end of a wait for a domain to stop.
enum StopWait: Sendable {
    case stopped
    /// The domain counts as active, and nothing in it can be reached any more.
    case unreachable
    case timedOut
}

extension NodeBackend {
    /// Asks the node to shut down and waits; after `deadline` it is powered off.
    func stop(_ node: NodeReference, deadline: Duration) async throws -> StopOutcome {
        try await driver.refuseForeign(node)
        guard let state = try await driver.activeState(of: node) else { return .shutDown }
        // A paused node does not react: it is resumed. A machine that sleeps by its own will cannot be.
        if state == .paused { try await driver.resume(node) }
        let limit = state == .suspendedByGuest ? .zero : deadline
        let end = try await waitForStop(of: node, within: limit, repeatingEvery: shutdownInterval) {
            try await requestShutdown(node)
        }
        if end == .stopped { return .shutDown }
        try await powerOff(node)
        return end == .unreachable ? .shutDown : .powerCut
    }

    /// Powers the node off at once, as a power cut would.
    func powerOff(_ node: NodeReference) async throws {
        try await driver.refuseForeign(node)
        guard try await driver.isActive(node) else { return }
        let isKilled = try await kill(node)
        if isKilled { return }
        let end = try await waitForStop(of: node, within: destroyTimeout) {
            try await driver.destroy(node)
            return true
        }
        guard end == .stopped else {
            throw ProviderError(.failed, "\(node.domainName) still runs \(destroyTimeout) after it was destroyed")
        }
    }

    /// Acts so that a domain stops, and waits until it has.
    ///
    /// - Parameter act: returns whether the domain was reached.
    func waitForStop(
        of node: NodeReference,
        within limit: Duration,
        repeatingEvery interval: Duration? = nil,
        _ act: @escaping @Sendable () async throws -> Bool
    ) async throws -> StopWait {
        let events: AsyncStream<DomainEvent>
        do {
            // Before the act, so that the event cannot be missed.
            events = try await driver.hypervisor.domainEvents()
        } catch {
            throw ProviderError(error)
        }
        let isReached = try await act()
        return try await withThrowingTaskGroup(of: StopWait?.self) { group in
            group.addTask {
                for await event in events where event == DomainEvent(domain: node.domainName, kind: .stopped) {
                    return .stopped
                }
                return nil
            }
            group.addTask {
                var next = interval.map { ContinuousClock.now + $0 }
                var misses = isReached ? 0 : 1
                while try await driver.isActive(node) {
                    if let due = next, let interval, ContinuousClock.now >= due {
                        next = due + interval
                        misses = try await act() ? 0 : misses + 1
                        // A container that starts cannot be reached for a moment; this one has no process any more.
                        if misses >= missLimit { return .unreachable }
                    }
                    try await Task.sleep(for: pollInterval)
                }
                return .stopped
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return .timedOut
            }
            defer { group.cancelAll() }
            // A stream of events that ends says nothing about the domain; the poll goes on.
            while let answer = try await group.next() {
                if let answer { return answer }
            }
            return .timedOut
        }
    }
}
