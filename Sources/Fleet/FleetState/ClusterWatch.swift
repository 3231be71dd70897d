import Basics
import Etcd
import Logging
import Synchronization

/// fleet's state in memory, kept up to date by one read and one watch.
///
/// While etcd is away the copy stays as it was: silence removes nothing from it.
package final class ClusterWatch: Sendable {
    private struct State {
        var snapshot: FleetSnapshot?
        var failure: RegistryError?
        var restart: AsyncStream<Void>.Continuation?
        var listeners: [FleetInterest: Listeners<FleetSnapshot>] = [:]
    }

    private let registry: FleetRegistry
    private let logger: Logger
    private let pauses: (shortest: Duration, longest: Duration)
    private let state = Mutex(State())

    /// - Parameter pauses: between attempts to read from an etcd that does not answer; they double from the shortest
    ///   to the longest.
    package init(
        _ registry: FleetRegistry,
        logger: Logger,
        pauses: (shortest: Duration, longest: Duration) = (.milliseconds(100), .seconds(2)),
    ) {
        self.registry = registry
        self.logger = logger
        self.pauses = pauses
    }

    /// The newest state; `nil` until it was read for the first time.
    package var snapshot: FleetSnapshot? { state.withLock { $0.snapshot } }

    /// Reason why fleet's state cannot be read now; nil while it can.
    package var failure: RegistryError? { state.withLock { $0.failure } }

    /// The present state and every later one that differs in what is of interest. One who is slow gets the newest and
    /// misses those between.
    package func snapshots(of interest: FleetInterest = .everything) -> AsyncStream<FleetSnapshot> {
        state.withLock { $0.listeners[interest, default: Listeners()].listen($0.snapshot) }
    }

    /// Waits until the copy has everything up to a revision.
    ///
    /// - Returns: whether it has, within the time.
    package func wait(until revision: Int64, within limit: Duration) async -> Bool {
        if let snapshot, snapshot.revision >= revision { return true }
        let snapshots = snapshots()
        let isThere = await withDeadline(limit) {
            for await snapshot in snapshots where snapshot.revision >= revision { return true }
            return false
        }
        return isThere ?? false
    }

    /// Takes in what this process has just written itself, unless the copy lacks what was written before it. The watch
    /// is going to tell of it as well, which then changes nothing.
    package func take(written batch: WatchBatch) {
        state.withLock { state in
            guard let revision = state.snapshot?.revision, batch.revision == revision + 1 else { return }
            take(batch, &state)
        }
    }

    /// Makes ``run()`` read everything anew at once and watch from there, for when the watch may have been deaf.
    package func refresh() {
        state.withLock { $0.restart }?.yield()
    }

    /// Keeps the copy up to date until the task is cancelled.
    package func run() async throws {
        defer { finish() }
        var pause = pauses.shortest
        while true {
            try Task.checkCancellation()
            do throws(RegistryError) {
                let snapshot = try await registry.snapshot()
                publish(snapshot)
                pause = pauses.shortest
                try await follow(from: snapshot.revision + 1)
            } catch {
                try Task.checkCancellation()
                fail(error)
                // Not all machines at once read everything from an etcd that is back.
                let now = pause * Double.random(in: 0.5...1)
                try await untilRestart { try await Task.sleep(for: now) }
                pause = min(pause * 2, pauses.longest)
            }
        }
    }

    /// Takes in changes until it is asked to start anew.
    private func follow(from revision: Int64) async throws(RegistryError) {
        do {
            try await untilRestart { try await self.watch(from: revision) }
        } catch {
            throw RegistryError(.unavailable, "cannot watch fleet's state", cause: error)
        }
    }

    private func untilRestart(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (restarts, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.restart = continuation }
        try await race([body, { @Sendable in for await _ in restarts { break } }])
    }

    private func watch(from revision: Int64) async throws {
        do {
            for try await batch in registry.etcd.watch(.prefix(registry.keyspace.prefix), from: revision) {
                take(batch)
            }
        } catch let error as EtcdError where error.code == .compacted {
            logger.notice("reading fleet's state anew: etcd has compacted the changes since")
        }
    }

    private func take(_ batch: WatchBatch) {
        let known = state.withLock { state -> [String: String] in
            let before = state.snapshot?.malformed ?? [:]
            guard state.snapshot != nil, batch.revision > state.snapshot?.revision ?? 0 else { return before }
            take(batch, &state)
            state.failure = nil
            return before
        }
        report(since: known)
    }

    private func publish(_ snapshot: FleetSnapshot) {
        let known = state.withLock { state -> [String: String] in
            let before = state.snapshot?.malformed ?? [:]
            state.failure = nil
            var snapshot = snapshot
            if let earlier = state.snapshot { snapshot.keepUnderstood(of: earlier, keyspace: registry.keyspace) }
            state.snapshot = snapshot
            Self.tell(&state, .unknown)
            return before
        }
        report(since: known)
    }

    private func take(_ batch: WatchBatch, _ state: inout State) {
        guard let change = state.snapshot?.change(by: batch, registry.keyspace), !batch.events.isEmpty else { return }
        Self.tell(&state, change)
    }

    private static func tell(_ state: inout State, _ change: FleetChange) {
        guard let snapshot = state.snapshot else { return }
        for interest in state.listeners.keys where interest.isMet(by: change, snapshot) {
            state.listeners[interest]?.tell(snapshot)
        }
    }

    private func fail(_ error: RegistryError) {
        let isNew = state.withLock { state in
            defer { state.failure = error }
            return state.failure == nil
        }
        if isNew { logger.warning("fleet's state is not up to date", metadata: ["error": "\(error)"]) }
    }

    private func report(since known: [String: String]) {
        for (key, why) in snapshot?.malformed ?? [:] where known[key] != why {
            let metadata: Logger.Metadata = ["key": "\(key)", "why": "\(why)"]
            logger.error("a key in etcd is not understood, and changes nothing", metadata: metadata)
        }
    }

    private func finish() {
        state.withLock { state in for interest in state.listeners.keys { state.listeners[interest]?.finish() } }
    }
}
