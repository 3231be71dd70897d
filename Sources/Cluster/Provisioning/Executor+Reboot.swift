import Planning
import RebootLock

extension Executor {
    /// Reboots the node, once it has its place.
    ///
    /// The place is taken in the node's own name: whatever becomes of this program, the node gives it back when it is
    /// healthy again, and until then no other takes it.
    func reboot(
        _ node: NodePlan,
        semaphore: RebootSemaphoreGroup?,
        of plan: Plan,
        say: @escaping @Sendable (String) -> Void,
        warn: @Sendable (String) -> Void,
    ) async throws {
        let lock = semaphore.map { clusters.rebootLock($0.endpoints, group: $0.group) }
        if let lock { try await takePlace(node, lock: lock, of: plan, say: say) }
        let reference = NodeReference(node)
        do {
            try Task.checkCancellation()
        } catch {
            // It does not go down, so another may.
            try await lock?.release(node.machineID)
            throw error
        }
        try await shutDown(reference, say: say, warn: warn)
        say("starting")
        try await provider.start(reference)
    }

    func takePlace(
        _ node: NodePlan,
        lock: any RebootLocking,
        of plan: Plan,
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        let names = Dictionary(plan.nodes.map { ($0.machineID, $0.name) }, uniquingKeysWith: { first, _ in first })
        let end = ContinuousClock.now + limits.rebootPlace
        let last = Latest("")
        while ContinuousClock.now < end {
            let left = end - ContinuousClock.now
            do {
                let (taken, semaphore) = try await lock.take(node.machineID)
                if taken { return }
                let holders = semaphore.holders.map { names[$0] ?? $0 }.joined(separator: ", ")
                if last.update("\(holders) has the place") { say("waiting for its turn: \(last.value)") }
                try await lock.change(from: semaphore, within: min(left, .seconds(10)))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if last.update("\(error)") { say("the reboot semaphore: \(error)") }
                try await Task.sleep(for: min(left, .seconds(1)))
            }
        }
        throw ProvisioningError(
            "\(node.name) found no place in the reboot semaphore within \(limits.rebootPlace)",
            evidence: [last.value, "a node that will not come back keeps its place until: locksmithctl unlock ID"],
        )
    }

    func releaseReboot(
        _ node: NodePlan,
        semaphore: RebootSemaphoreGroup,
        say: @escaping @Sendable (String) -> Void,
    ) async throws {
        let lock = clusters.rebootLock(semaphore.endpoints, group: semaphore.group)
        try await retryingKeys("the reboot semaphore does not take the place of \(node.name) back", say: say) {
            try await lock.release(node.machineID)
        }
    }
}
