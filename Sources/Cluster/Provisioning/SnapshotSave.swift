import Basics
import Planning
import Synchronization

/// Makes a snapshot of a cluster: large files are copied while it runs, then all nodes stand still while the rest is, and
/// run on.
package struct SnapshotSave: Sendable {
    /// Runs something during which nodes are frozen, and sees to it that they run on even if this program is killed.
    package typealias Watch =
        @Sendable (_ nodes: [NodeReference], _ body: @escaping @Sendable () async throws -> Void) async throws -> Void

    private let provider: any ClusterProvider
    private let limit: Duration
    private let watch: Watch
    private let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - limit: time for which nodes may stand still: leases in etcd end meanwhile.
    ///   - watch: see ``Watch``.
    ///   - say: told how far it is.
    package init(
        provider: any ClusterProvider,
        limit: Duration,
        watch: @escaping Watch,
        say: @escaping @Sendable (String) -> Void,
    ) {
        self.provider = provider
        self.limit = limit
        self.watch = watch
        self.say = say
    }

    /// Makes a snapshot of nodes of which ``Planner/snapshotObstacles(_:observed:)`` has found nothing.
    ///
    /// However it ends, the nodes run on; where it does not end well, there is nothing of the snapshot.
    ///
    /// - Parameter now: seconds since 1970.
    package func save(_ snapshot: SnapshotReference, of seen: ProviderObservation, now: Int64) async throws
        -> ClusterSnapshot
    {
        let nodes = seen.nodes(of: snapshot.cluster)
        guard let network = seen.network(of: snapshot.cluster), let cidr = network.cidr, let mode = network.mode else {
            throw ProvisioningError("cluster '\(snapshot.cluster)' has no network")
        }
        try await provider.beginSnapshot(snapshot)
        do {
            let (kept, frozen) = try await copy(nodes, to: snapshot)
            say("writing it through to the disk")
            let whole = ClusterSnapshot(
                snapshot,
                made: now,
                frozen: frozen / .seconds(1),
                cidr: cidr,
                mode: mode,
                nodes: kept,
            )
            try await provider.completeSnapshot(whole)
            return whole
        } catch {
            do {
                try await uncancelled { try await provider.abandonSnapshot(snapshot) }
            } catch {
                say("what was copied is not removed, which the next `snapshot save` does: \(error)")
            }
            throw error
        }
    }

    private func copy(_ nodes: [ObservedNode], to snapshot: SnapshotReference) async throws
        -> (nodes: [ClusterSnapshot.Node], frozen: Duration)
    {
        let running = nodes.filter { $0.power == .running }.map { NodeReference($0) }
        if !running.isEmpty { say("copying what nodes do not change just now") }
        try await inParallel(running) { try await provider.saveEarly($0, in: snapshot) }
        let result = Mutex<(nodes: [ClusterSnapshot.Node], frozen: Duration)?>(nil)
        try await watch(running) {
            let begin = ContinuousClock.now
            do {
                try await inParallel(running) { try await provider.freeze($0) }
                say("\(running.count) of \(nodes.count) nodes stand still while the rest is copied")
                let kept = try await withDeadline(limit) { try await copies(of: nodes, in: snapshot) }
                guard let kept else { throw tooSlow(nodes) }
                try await thaw(running)
                result.withLock { $0 = (kept, .now - begin) }
            } catch {
                try await thaw(running)
                throw error
            }
        }
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        say("they run on, after \(Self.text(result.frozen))")
        return result
    }

    private func copies(of nodes: [ObservedNode], in snapshot: SnapshotReference) async throws
        -> [ClusterSnapshot.Node]
    {
        try await withThrowingTaskGroup(of: ClusterSnapshot.Node.self) { group in
            for node in nodes {
                group.addTask {
                    let copy = try await provider.saveNode(NodeReference(node), in: snapshot)
                    return ClusterSnapshot.Node(node, definition: copy.definition, bytes: copy.bytes)
                }
            }
            var copies: [ClusterSnapshot.Node] = []
            for try await copy in group { copies.append(copy) }
            return copies.naturallySorted(by: \.node.name)
        }
    }

    /// Lets all run on, whether this task is cancelled or not; one that cannot be is named, and keeps no other.
    private func thaw(_ nodes: [NodeReference]) async throws {
        try await uncancelled {
            let failure = await withTaskGroup(of: (any Error)?.self) { group in
                for node in nodes {
                    group.addTask {
                        do { try await provider.thaw(node) } catch { return error }
                        return nil
                    }
                }
                return await group.reduce(nil) { $0 ?? $1 }
            }
            if let failure { throw failure }
        }
    }

    private func inParallel(
        _ nodes: [NodeReference],
        _ body: @escaping @Sendable (NodeReference) async throws -> Void,
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await body(node) } }
            try await group.waitForAll()
        }
    }

    private func uncancelled(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await Task(operation: body).value
    }

    private func tooSlow(_ nodes: [ObservedNode]) -> ProvisioningError {
        ProvisioningError(
            "the copy was not done within \(Self.text(limit)), for which nodes may stand still",
            hints: [
                "nodes that are off need not: slipway stop \(nodes.first?.cluster ?? "CLUSTER") NODE",
                "where SLIPWAY_HOME is on btrfs or XFS, files are shared and not copied",
                "a longer time, in which leases in etcd end and units move: --limit SECONDS",
            ],
        )
    }

    private static func text(_ time: Duration) -> String {
        let milliseconds = Int(time / .milliseconds(1))
        return milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s"
    }
}
