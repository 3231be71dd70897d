import Basics
import FleetState
import Logging
import Systemd

/// Makes this machine run what is wanted on it, and says in etcd what it runs.
///
/// It stops a unit only after it has *read* that the unit is not wanted here: no answer from etcd changes nothing, and
/// a fleetd that starts again takes over what it finds.
actor Agent {
    let machineID: String
    let registry: FleetRegistry
    let watch: ClusterWatch
    let presence: Presence
    let systemd: any SystemdManager
    let directory: UnitDirectory
    let logger: Logger
    let wakeups: Wakeups
    /// Long-running work, beside the passes.
    let jobs: AsyncStream<@Sendable () async -> Void>.Continuation

    var current: [String: CurrentUnit] = [:]
    var statuses: [String: UnitStatus] = [:]
    /// Units wanted here, as of the last pass.
    var desired: [String: DesiredUnit] = [:]
    /// Histories of units since they were started.
    var fates: [String: UnitFate] = [:]
    /// Units that were started less than ``patience`` ago, as far as their starts have not ended.
    var startedJustNow: Set<String> = []
    /// etcd's revision of each unit's wish that was acted on last.
    var answered: [String: Int64] = [:]
    /// Units that were stopped together with one they are bound to, to be started again with it.
    var stoppedWithOthers: Set<String> = []
    /// Reasons, as systemd puts them, why units are not as they are wanted.
    var troubles: [String: String] = [:]
    /// systemd's load state of units that it may not have in memory.
    var loadStates: [String: String] = [:]
    /// Units that are not loaded, since the machine has one of its own by that name.
    var refused: Set<String> = []
    /// Units of which etcd says something that is not understood: they are left as they are.
    private var unknown: Set<String> = []
    /// Units whose stop job has not ended.
    var stopping: Set<String> = []
    /// Statuses received while units are being listed; nil at other times. One may be newer than the list; where it is
    /// older, a newer one follows.
    private var heard: [String: UnitStatus]?
    /// Units that are being unloaded.
    var unloading: Set<String> = []
    /// Units whose last action failed: not tried again before this.
    var notBefore: [String: ContinuousClock.Instant] = [:]
    var backoffs: [String: Backoff] = [:]
    let pauses: Backoff
    let patience: Duration
    /// Wish at the time when the last action on a unit failed: any other is a reason to try at once.
    var failedWishes: [String: DesiredUnit] = [:]
    private var adopted = false
    private var mustList = true
    var mustReload = false
    private var leaving = false
    private var published: Int64 = 0

    init(service: AgentService, wakeups: Wakeups, jobs: AsyncStream<@Sendable () async -> Void>.Continuation) {
        machineID = service.machineID
        registry = service.registry
        watch = service.watch
        presence = service.presence
        systemd = service.systemd
        directory = service.directory
        pauses = service.pauses
        patience = service.patience
        logger = service.logger
        self.wakeups = wakeups
        self.jobs = jobs
    }

    /// Takes in what systemd says.
    func take(_ change: UnitChange) async {
        switch change {
        case .resync: mustList = true
        case .jobEnded(let unit, let job, let result):
            guard current[unit] != nil, !unloading.contains(unit) else { return }
            await jobEnded(unit, job, result)
        case .status(let status):
            guard current[status.name] != nil || !adopted else { return }
            hear(status)
            if status.activeState == "failed" { await askWhyFailed(status.name) }
        case .unloaded(let name):
            guard current[name] != nil else { return }
            hear(UnitStatus(name: name))
        }
        wakeups.wake()
    }

    func hear(_ status: UnitStatus) {
        statuses[status.name] = status
        heard?[status.name] = status
        fates[status.name]?.saw(status)
        if status.isUp { troubles[status.name] = nil }
    }

    /// Compares the units that are wanted with those that exist, and acts on the difference.
    ///
    /// - Returns: whether all went well, so that there is nothing to try again.
    func look() async -> Bool {
        guard let session = presence.session, let snapshot = watch.snapshot else { return true }
        guard snapshot.revision >= session.revision else { return true }
        // Back after its lease ended, the machine may read that before it has registered again. What it is said to be goes
        // with its record, so nothing follows from that about what it runs.
        guard snapshot.machines[machineID] != nil else { return true }
        do {
            let isNewList = try await refreshStatuses()
            if !adopted { try adopt(snapshot) }
            if isNewList { await askWhyFailed() }
        } catch {
            logger.error("the agent will try again", metadata: ["error": "\(error)"])
            return false
        }
        desired = leaving ? [:] : snapshot.desiredUnits(on: machineID)
        forgetFailuresOfOtherWishes()
        unknown = leaving ? [] : snapshot.unknownUnits
        await perform(AgentReconciler.actions(desired: free(desired), current: free(current)), snapshot)
        await startAgain()
        return await publish(snapshot, session)
    }

    /// Stops and unloads everything.
    ///
    /// - Returns: the units that are still there after `limit`.
    func leave(within limit: Duration) async -> [String] {
        leaving = true
        let deadline = ContinuousClock.now + limit
        while !current.isEmpty, ContinuousClock.now < deadline {
            wakeups.wake()
            do { try await Task.sleep(for: .milliseconds(50)) } catch { break }
        }
        return current.keys.sorted()
    }

    /// Leaves out units that are busy, or that failed a moment ago.
    private func free<Unit>(_ units: [String: Unit]) -> [String: Unit] { units.filter { isFree($0.key) } }

    func isFree(_ unit: String) -> Bool {
        let now = ContinuousClock.now
        let isBusy = unloading.contains(unit) || stopping.contains(unit) || unknown.contains(unit)
        return !isBusy && (notBefore[unit] ?? now) <= now
    }

    /// Takes over the units that an earlier fleetd loaded.
    private func adopt(_ snapshot: FleetSnapshot) throws(FleetError) {
        let known = snapshot.states(on: machineID)
        let hashes = try directory.hashes()
        for (name, hash) in hashes {
            // What a timer or a socket starts runs now and then without having been launched.
            let stem = name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex)
            let isTriggered =
                name.hasSuffix(".service")
                && ["timer", "socket", "path"].contains { hashes["\(stem).\($0)"] != nil }
            let isRunning = ["active", "activating", "reloading"].contains(statuses[name]?.activeState)
            let wasLaunched = known[name].map { $0.state.launched && $0.state.hash == hash } ?? false
            current[name] = CurrentUnit(name: name, hash: hash, launched: (isRunning && !isTriggered) || wasLaunched)
            let told = known[name]?.state
            fates[name] = UnitFate(told: told, isRunning: isRunning)
            answered[name] = told?.answered ?? snapshot.desired[name]?.revision
            if !isRunning { troubles[name] = told?.reason }
        }
        adopted = true
        guard !current.isEmpty else { return }
        logger.notice("took over units", metadata: ["units": "\(current.keys.sorted())"])
    }

    /// - Returns: whether units were listed anew.
    private func refreshStatuses() async throws(SystemdError) -> Bool {
        guard mustList else { return false }
        mustList = false
        heard = [:]
        defer { heard = nil }
        do {
            let listed = try await systemd.listUnits()
            statuses = listed.reduce(into: [:]) { $0[$1.name] = $1 }.merging(heard ?? [:]) { $1 }
            for name in Array(fates.keys) { fates[name]?.saw(statuses[name] ?? UnitStatus(name: name)) }
            finishStops()
            return true
        } catch {
            mustList = true
            throw error
        }
    }

    private func publish(_ snapshot: FleetSnapshot, _ session: MachineSession) async -> Bool {
        // A snapshot from before the last write does not show it.
        guard snapshot.revision >= published else { return true }
        let changes = StatePublication.changes(
            current: shown(snapshot),
            statuses: shownStatuses,
            details: details(snapshot),
            known: snapshot.states(on: machineID),
            starting: startedJustNow.filter { fates[$0]?.isStarting == true },
            lease: session.lease,
        )
        guard !changes.isEmpty else { return true }
        do {
            published = try await published(changes, session)
            return true
        } catch {
            if error.code == .machineLost { presence.ended(session, error) }
            logger.warning("unit states are not published", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Writes states. A machine that leaves waits no longer than ``AgentService/farewellLimit`` for each answer: etcd
    /// may go down with it.
    private func published(_ changes: [StateChange], _ session: MachineSession) async throws(RegistryError) -> Int64 {
        guard leaving else { return try await registry.publish(changes, session) }
        let registry = registry
        do {
            let limit = AgentService.farewellLimit
            if let revision = try await withDeadline(limit, { try await registry.publish(changes, session) }) {
                return revision
            }
        } catch let error as RegistryError {
            throw error
        } catch {
            throw RegistryError(.unavailable, "the publication was cancelled")
        }
        throw RegistryError(.unavailable, "etcd does not answer within \(AgentService.farewellLimit)")
    }
}
