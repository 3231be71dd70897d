import FleetRegistry
import Logging
import ServiceLifecycle

/// Places units while this machine leads; stands ready to lead otherwise.
///
/// It looks when something has changed and never otherwise. At its end it gives the leadership up.
package struct EngineService: Service {
    let registry: FleetRegistry
    let watch: ClusterWatch
    let presence: Presence
    let logger: Logger
    /// Changes within this time are taken together.
    let coalescing: Duration

    package init(
        registry: FleetRegistry,
        watch: ClusterWatch,
        presence: Presence,
        logger: Logger,
        coalescing: Duration = .milliseconds(10),
    ) {
        self.registry = registry
        self.watch = watch
        self.presence = presence
        self.logger = logger
        self.coalescing = coalescing
    }

    package func run() async throws {
        let wakeups = Wakeups()
        let engine = Engine(service: self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in watch.snapshots() { wakeups.wake() } }
            group.addTask { for await _ in presence.sessions() { wakeups.wake() } }
            group.addTask {
                await cancelWhenGracefulShutdown {
                    var backoff = Backoff(from: .milliseconds(200), to: .seconds(2))
                    for await _ in wakeups.stream {
                        if await engine.look() {
                            backoff.reset()
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
}
