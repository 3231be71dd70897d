import Basics
import FleetState
import Logging
import ServiceLifecycle

/// Registers this machine and keeps its lease, for as long as it takes and whatever etcd does.
///
/// At its end the lease is left to run out, so that a fleetd that is started again within it is not missed.
package struct PresenceService: Service {
    let registry: FleetRegistry
    let watch: ClusterWatch
    let presence: Presence
    let machine: @Sendable () -> MachineRecord
    /// Seconds.
    let ttl: Int64
    let logger: Logger

    /// - Parameter machine: asked at every registration.
    package init(
        registry: FleetRegistry,
        watch: ClusterWatch,
        presence: Presence,
        ttl: Int64,
        logger: Logger,
        machine: @escaping @Sendable () -> MachineRecord,
    ) {
        self.registry = registry
        self.watch = watch
        self.presence = presence
        self.ttl = ttl
        self.logger = logger
        self.machine = machine
    }

    /// Keeps the machine registered until the daemon shuts down.
    package func run() async throws {
        // Ahead of everything else: what is late here costs the machine its units.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(priority: .high) { try await stayPresent() }
            try await group.waitForAll()
        }
    }

    private func stayPresent() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(from: .milliseconds(100), to: .seconds(1))
            var wasPresent = false
            while !Task.isCancelled, !presence.isClosed {
                do {
                    if let session = presence.session {
                        try await keep(session)
                    } else {
                        try await register()
                        backoff.reset()
                        // What was decided meanwhile is to be known at once, not when the watch finds its way back.
                        if wasPresent { watch.refresh() }
                        wasPresent = true
                    }
                } catch is CancellationError {
                    return
                } catch {
                    // Units that moved are not to run twice for long, and an etcd that is overloaded is not to be asked
                    // by all machines all the time.
                    do { try await Task.sleep(for: backoff.next()) } catch { return }
                }
            }
            // A service that returns ends the daemon; that is for others to decide.
            for await _ in presence.sessions() {}
        }
    }

    private func register() async throws {
        do throws(RegistryError) {
            let session = try await registry.register(machine(), ttl: ttl)
            presence.began(session)
            logger.notice("registered", metadata: ["machine": "\(session.machineID)", "ttl": "\(session.ttl)"])
        } catch {
            try Task.checkCancellation()
            if presence.failure?.code != error.code {
                logger.error("cannot register this machine", metadata: ["error": "\(error)"])
            }
            presence.failed(error)
            throw error
        }
    }

    /// Renews the lease until it is lost.
    private func keep(_ session: MachineSession) async throws {
        // As often as the original: each renewal is one of a cluster's few idle requests.
        let interval = Duration.milliseconds(session.ttl * 500)
        var behind: Int64?
        var pause = interval
        var backoff = Backoff(from: .milliseconds(100), to: max(.seconds(session.ttl) / 10, .milliseconds(100)))
        var looked = session.revision
        while true {
            try await pauseUnlessLost(session, pause, after: looked)
            guard presence.session == session else { return }
            if let snapshot = watch.snapshot, Self.isGone(session, in: snapshot) { looked = snapshot.revision }
            do throws(RegistryError) {
                let revision = try await registry.keepAlive(session)
                behind = checkCopy(revision, behind)
                pause = interval
                backoff.reset()
            } catch {
                try Task.checkCancellation()
                guard error.code != .machineLost else {
                    logger.error("this machine's lease has ended; registering again", metadata: ["error": "\(error)"])
                    return presence.ended(session, error)
                }
                if pause == interval {
                    logger.warning("the lease is not renewed; trying until it is", metadata: ["error": "\(error)"])
                }
                pause = backoff.next()
            }
        }
    }

    /// Returns before the pause is over where the session is another, or where etcd's watch shows that the machine is
    /// gone: a lease may end before its time. An etcd that led, was frozen and runs on ends those whose renewals it did
    /// not see (https://github.com/etcd-io/etcd/issues/15247).
    ///
    /// - Parameter revision: of the last look at the cluster that was heeded.
    private func pauseUnlessLost(_ session: MachineSession, _ pause: Duration, after revision: Int64) async throws {
        let sessions = presence.sessions()
        let snapshots = watch.snapshots(of: .machine(session.machineID))
        try await race([
            { @Sendable in try await Task.sleep(for: pause) },
            { @Sendable in for await present in sessions where present != session { return } },
            { @Sendable in
                for await snapshot in snapshots where snapshot.revision > revision && Self.isGone(session, in: snapshot)
                {
                    return
                }
                try await Task.sleep(for: pause)
            },
        ])
    }

    private static func isGone(_ session: MachineSession, in snapshot: FleetSnapshot) -> Bool {
        snapshot.machines[session.machineID]?.createRevision != session.createRevision
    }

    /// A copy that stands still while etcd goes on, over two renewals, may have lost its watch.
    ///
    /// - Returns: the copy's revision, when it is behind.
    private func checkCopy(_ revision: Int64, _ before: Int64?) -> Int64? {
        guard let copy = watch.snapshot?.revision, copy != revision else { return nil }
        guard copy == before else { return copy }
        watch.refresh()
        return nil
    }
}
