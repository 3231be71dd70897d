import Basics
import FleetState
import Logging
import ServiceLifecycle
import Systemd

/// Runs the agent: a pass whenever fleet's state, this machine's presence or one of its units has changed.
///
/// When it ends, everything stays as it is.
package struct AgentService: Service {
    let machineID: String
    let registry: FleetRegistry
    let watch: ClusterWatch
    let presence: Presence
    let systemd: any SystemdManager
    let directory: UnitDirectory
    let logger: Logger
    /// Pauses after an action on a unit that failed.
    let pauses: Backoff
    /// Limit for a unit's start to end before anything of that unit is published.
    let patience: Duration
    private let leaving = Leaving()

    /// Service that runs the units of one machine.
    ///
    /// - Parameters:
    ///   - pauses: between tries of an action on a unit that failed; they double.
    ///   - patience: how long a unit of which etcd has nothing yet may be starting before that is published. Most
    ///     starts end sooner, and are told of once instead of twice.
    package init(
        machineID: String,
        registry: FleetRegistry,
        watch: ClusterWatch,
        presence: Presence,
        systemd: any SystemdManager,
        directory: UnitDirectory,
        logger: Logger,
        pauses: (shortest: Duration, longest: Duration) = (.milliseconds(500), .seconds(30)),
        patience: Duration = .seconds(1),
    ) {
        self.machineID = machineID
        self.registry = registry
        self.watch = watch
        self.presence = presence
        self.systemd = systemd
        self.directory = directory
        self.logger = logger
        self.pauses = Backoff(from: pauses.shortest, to: pauses.longest)
        self.patience = patience
    }

    /// Runs the agent until the daemon shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            let wakeups = Wakeups()
            let (jobs, continuation) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)
            let agent = Agent(service: self, wakeups: wakeups, jobs: continuation)
            leaving.set(agent)
            await withDiscardingTaskGroup { group in
                group.addTask { for await _ in watch.snapshots(of: .agent(of: machineID)) { wakeups.wake() } }
                group.addTask { for await _ in presence.sessions() { wakeups.wake() } }
                group.addTask { for await change in systemd.unitStateChanges() { await agent.take(change) } }
                group.addTask { await look(agent, wakeups) }
                for await job in jobs { group.addTask(operation: job) }
                group.cancelAll()
            }
        }
    }

    private func look(_ agent: Agent, _ wakeups: Wakeups) async {
        var backoff = Backoff(from: .milliseconds(200), to: .seconds(2))
        for await _ in wakeups.stream {
            if await agent.look() {
                backoff.reset()
            } else {
                do { try await Task.sleep(for: backoff.next()) } catch { return }
                wakeups.wake()
            }
        }
    }

    /// Limit for etcd to take note of a machine that leaves.
    package static let farewellLimit = Duration.seconds(1)
    /// Limit for the same of a machine that was asked to leave and runs on: many may leave at once, and each then waits
    /// for a processor.
    static let patientFarewell = Duration.seconds(10)

    /// Waits until others ask this machine to leave, by its record.
    ///
    /// - Returns: false where the task is cancelled before.
    package func isAskedToLeave() async -> Bool {
        let wakeups = Wakeups()
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in watch.snapshots(of: .machine(machineID)) { wakeups.wake() }
                return false
            }
            // The record may be seen before this machine has heard that it is registered.
            group.addTask {
                for await _ in presence.sessions() { wakeups.wake() }
                return false
            }
            group.addTask {
                for await _ in wakeups.stream where isLeaving { return true }
                return false
            }
            defer { group.cancelAll() }
            return await group.contains { $0 }
        }
    }

    /// What was written before the machine registered says nothing: it has left since, and come back.
    private var isLeaving: Bool {
        guard let session = presence.session, let snapshot = watch.snapshot, snapshot.revision >= session.revision,
            let machine = snapshot.machines[session.machineID], machine.lease == session.lease
        else { return false }
        return machine.record.isLeaving == true
    }

    /// Stops and unloads every unit, and leaves the cluster at once. The agent must be running.
    ///
    /// - Parameter farewell: time that etcd has for each answer.
    /// - Returns: the units that were not stopped in time.
    package func leave(
        within limit: Duration,
        farewell: Duration = AgentService.farewellLimit,
    ) async throws -> [String] {
        // While units are being stopped: others are to know before the lease ends that this machine was asked to go.
        async let announcement: Void = announceLeave(within: farewell)
        let left = await leaving.agent?.leave(within: limit) ?? []
        await announcement
        let session = presence.session
        presence.close()
        guard let session else { return left }
        // Where etcd goes down with the machine there is nobody to tell, and the lease ends soon.
        let registry = registry
        let told: Void? = try await withDeadline(farewell) { try await registry.end(session) }
        guard told != nil else {
            throw RegistryError(
                .unavailable,
                "cannot leave the cluster: etcd does not answer within \(farewell)"
            )
        }
        return left
    }

    /// Without an answer of etcd's the machine leaves all the same, and counts as one that fell silent.
    private func announceLeave(within limit: Duration) async {
        guard let session = presence.session else { return }
        let registry = registry
        do {
            let told: Void? = try await withDeadline(limit) { try await registry.announceLeave(session) }
            if told == nil { logger.warning("etcd does not take note within \(limit) that this machine leaves") }
        } catch {
            logger.warning("cannot say that this machine leaves", metadata: ["error": "\(error)"])
        }
    }
}
