import Basics
import Etcd
import FleetState
import Logging
import Planning
import Synchronization

/// fleet's state for all who wait for something in it: one read and one watch, however many they are.
///
/// The watch begins with the first of them and lasts as long as the observer.
final class FleetObserver: Sendable {
    private struct State {
        var latest: ObservedFleet?
        /// Revision of ``latest``.
        var revision: Int64 = 0
        var listeners = Listeners<ObservedFleet>()
        /// Number of those who wait.
        var watching = 0
        var running: Task<Void, Never>?
    }

    /// Changes that this process made itself.
    private final class Written: Sendable {
        let revision = Mutex<Int64>(0)
    }

    /// Interval at which etcd is asked for its revision during a wait, which a watch that a broken network has made
    /// deaf must not decide.
    private static let checkInterval = Duration.seconds(2)

    private let watch: ClusterWatch
    private let registry: FleetRegistry
    private let written = Written()
    private let state = Mutex(State())

    init(_ registry: FleetRegistry) {
        self.registry = registry
        watch = ClusterWatch(registry, logger: Logger(label: "slipway.fleet") { _ in SwiftLogNoOpLogHandler() })
    }

    deinit { state.withLock { $0.running }?.cancel() }

    /// Reason for which fleet's state cannot be read now; nil while it can.
    var failure: RegistryError? { watch.failure }

    /// The registry, whose writes this observer waits to see before it shows a state again.
    func recording(_ registry: FleetRegistry) -> FleetRegistry {
        var registry = registry
        let before = registry.onWrite
        registry.onWrite = { [written] batch in
            before(batch)
            written.revision.withLock { $0 = max($0, batch.revision) }
        }
        return registry
    }

    /// Hands `body` fleet's state and every later one; one who is slow gets the newest and misses those between.
    func watching<Result>(_ body: (AsyncStream<ObservedFleet>) async throws -> Result) async throws -> Result {
        let isReadable = watch.failure == nil
        let looks = state.withLock { state in
            state.watching += 1
            if state.running == nil {
                // It is ahead of those who wait for it, and must not keep alive what ends it.
                state.running = Task(priority: .high) { [watch] in await Self.run(watch) { [weak self] in self } }
            }
            let isCurrent = isReadable && state.revision >= written.revision.withLock { $0 }
            return state.listeners.listen(isCurrent ? state.latest : nil)
        }
        defer { state.withLock { $0.watching -= 1 } }
        return try await body(looks)
    }

    private static func run(_ watch: ClusterWatch, _ observer: @escaping @Sendable () -> FleetObserver?) async {
        let looks = watch.snapshots()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // It ends with its task only.
                do { try await watch.run() } catch {}
            }
            group.addTask {
                // Made once for all who wait: it is work of the order of units times machines.
                for await snapshot in looks { observer()?.show(snapshot) }
            }
            group.addTask {
                var behind: Int64?
                while true {
                    do { try await Task.sleep(for: checkInterval) } catch { return }
                    guard let observer = observer() else { return }
                    behind = await observer.check(behind)
                }
            }
        }
    }

    private func show(_ snapshot: FleetSnapshot) {
        let fleet = RegistryFleet.observed(snapshot)
        state.withLock { state in
            (state.latest, state.revision) = (fleet, snapshot.revision)
            // What was read before this process wrote would tell of units that are not there any more.
            guard snapshot.revision >= written.revision.withLock({ $0 }) else { return }
            state.listeners.tell(fleet)
        }
    }

    /// Reads everything anew where the copy stands still while etcd goes on, over two checks.
    ///
    /// - Returns: the copy's revision, when it is behind.
    private func check(_ before: Int64?) async -> Int64? {
        guard state.withLock({ $0.watching > 0 }), let copy = watch.snapshot?.revision else { return nil }
        let key = RangeRequest(.key(registry.keyspace.prefix), limit: 1, keysOnly: true)
        // Where etcd does not answer, the watch tries to read anew by itself.
        guard let answer = try? await registry.etcd.range(key), answer.revision > copy else { return nil }
        guard copy == before else { return copy }
        watch.refresh()
        return nil
    }
}
