import FleetState
import Logging
import ServiceLifecycle

/// Places units while this machine leads; stands ready to lead otherwise.
///
/// A pass runs when something has changed and never otherwise. At its end the service gives the leadership up.
package struct EngineService: Service {
    let machineID: String
    let registry: FleetRegistry
    let watch: ClusterWatch
    let presence: Presence
    let counters: EngineCounters
    let logger: Logger
    /// Changes within this time are taken together.
    let coalescing: Duration
    /// For so long after this machine has registered, units stay where they are though their machine is gone: after an
    /// outage of etcd every lease may have ended, and the others need the time to be back. `nil` is the machine's TTL.
    /// A machine that was present all the time does not wait.
    let patience: Duration?

    package init(
        machineID: String,
        registry: FleetRegistry,
        watch: ClusterWatch,
        presence: Presence,
        counters: EngineCounters = EngineCounters(),
        logger: Logger,
        coalescing: Duration = .milliseconds(10),
        patience: Duration? = nil,
    ) {
        self.machineID = machineID
        self.registry = registry
        self.watch = watch
        self.presence = presence
        self.counters = counters
        self.logger = logger
        self.coalescing = coalescing
        self.patience = patience
    }

    /// Runs the engine until the daemon shuts down.
    package func run() async throws {
        let wakeups = Wakeups()
        let engine = Engine(service: self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in watch.snapshots(of: .engine(of: machineID)) { wakeups.wake() } }
            group.addTask { for await _ in presence.sessions() { wakeups.wake() } }
            group.addTask {
                await cancelWhenGracefulShutdown {
                    var backoff = Backoff(from: .milliseconds(200), to: .seconds(2))
                    for await _ in wakeups.stream {
                        if await engine.look() {
                            backoff.reset()
                            guard let pause = await engine.nextPassDelay else { continue }
                            await wait(pause, wakeups)
                        } else {
                            do { try await Task.sleep(for: backoff.next()) } catch { break }
                            wakeups.wake()
                        }
                    }
                }
                await engine.resign()
            }
            // The other two only feed the third.
            for _ in 0..<3 {
                try await group.next()
                if Task.isShuttingDownGracefully || Task.isCancelled { break }
            }
            group.cancelAll()
        }
    }

    /// Wakes the engine after a pause; changes wake it earlier.
    private func wait(_ pause: Duration, _ wakeups: Wakeups) async {
        // A tenth of a second at a time, so that changes are not kept waiting.
        do { try await Task.sleep(for: min(pause, .milliseconds(100))) } catch { return }
        wakeups.wake()
    }
}
