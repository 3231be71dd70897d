import Basics
import FleetState
import Logging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The engine's memory between two passes.
actor Engine {
    private let registry: FleetRegistry
    private let watch: ClusterWatch
    private let presence: Presence
    private let logger: Logger
    private let coalescing: Duration
    private let patience: Duration?
    private let counters: EngineCounters
    private var leader: EngineLeader? {
        didSet {
            guard (leader == nil) != (oldValue == nil) else { return }
            counters.leads(since: leader == nil ? nil : Int(Date.now.timeIntervalSince1970))
        }
    }
    private var registered: (session: MachineSession, at: ContinuousClock.Instant)?
    /// After which time there is something to do though nothing changes: units of machines that are gone may be placed
    /// elsewhere, a moved unit is no longer waited for, an update goes on. `nil` when there is nothing.
    private(set) var nextPassDelay: Duration?
    /// The units that moved last though they could have stayed, until they have settled.
    private var moving: (units: Set<String>, since: ContinuousClock.Instant)?
    private var updates: [String: RollingUpdate] = [:]
    /// Units that are wanted and on no machine, and since when this engine knows of it.
    private var waiting: [String: ContinuousClock.Instant] = [:]
    private var silence = MassSilence()
    /// Revision of the last write; a snapshot from before it is out of date.
    private var written: Int64 = 0

    init(service: EngineService) {
        registry = service.registry
        watch = service.watch
        presence = service.presence
        counters = service.counters
        logger = service.logger
        coalescing = service.coalescing
        patience = service.patience
    }

    /// - Returns: whether all went well, so that there is nothing to try again.
    func look() async -> Bool {
        do {
            try await Task.sleep(for: coalescing)
            try await lookOnce()
            return true
        } catch let error as RegistryError {
            counters.roundFailed()
            if error.code == .changedMeanwhile { leader = nil }
            logger.warning("the engine will try again", metadata: ["error": "\(error)"])
            return false
        } catch {
            // Cancelled: the loop ends by itself.
            return true
        }
    }

    private func lookOnce() async throws {
        nextPassDelay = nil
        guard let session = presence.session, let snapshot = watch.snapshot else { return }
        if registered?.session != session { registered = (session, .now) }
        let held = held(snapshot, ttl: .seconds(session.ttl))
        guard snapshot.revision >= max(session.revision, written) else { return }
        if let leader, snapshot.leader?.createRevision == leader.createRevision {
            return try await place(snapshot, leader, held: held)
        }
        leader = nil
        guard snapshot.leader == nil || snapshot.leader?.machineID == session.machineID else { return }
        leader = try await registry.campaign(session)
        guard let leader else { return }
        written = leader.revision
        logger.notice("this machine's engine leads")
        // If the key was this machine's already, no event will come of it.
        if snapshot.leader?.createRevision == leader.createRevision { try await place(snapshot, leader, held: held) }
    }

    /// Notes which machines are there, also while another's engine leads: this one may be the next.
    ///
    /// - Returns: how long the units of silent machines stay where they are; nil when they need not.
    private func held(_ snapshot: FleetSnapshot, ttl: Duration) -> Duration? {
        let before = silence.silent
        let machines = Set(snapshot.machines.keys)
        let held = silence.look(at: machines, left: snapshot.left, ttl: ttl, now: .now)
        if before.isEmpty, let held {
            let numbers: Logger.Metadata = [
                "silent": "\(silence.silent.count)", "present": "\(machines.count)", "for": "\(held)",
            ]
            logger.warning("many machines fell silent at once: their units stay where they are", metadata: numbers)
        }
        return held
    }

    private func place(_ snapshot: FleetSnapshot, _ leader: EngineLeader, held: Duration?) async throws {
        let began = ContinuousClock.now
        let homeless = snapshot.homelessUnits
        waiting = waiting.filter { homeless.contains($0.key) }
        for unit in homeless where waiting[unit] == nil { waiting[unit] = began }
        if let held { schedulePass(in: held) }
        let patience = remainingSettleTime()
        let mayEvict = patience <= .zero || snapshot.unitsOfGoneMachines.isEmpty
        if !mayEvict { schedulePass(in: patience) }
        let awaited = silence.awaited(now: .now)
        if let awaited { schedulePass(in: awaited.pause) }
        let silent = silence.silent.union(awaited?.machines ?? [])
        let pass = EnginePass(snapshot, mayEvict: mayEvict, silent: silent, mayMove: mayMove(snapshot))
        for placement in pass.placements {
            logger.info("engine", metadata: ["unit": "\(placement.unit)", "action": "\(placement.action)"])
        }
        if !pass.placements.isEmpty {
            let skipped = try await apply(pass.placements, snapshot, leader)
            let done = pass.placements.filter { !skipped.contains($0.unit) }
            counters.did(done)
            counters.failed(pass.placements.filter { skipped.contains($0.unit) })
            let placed = done.filter(\.action.isPlacing).compactMap { waiting.removeValue(forKey: $0.unit) }
            counters.placed(after: placed.map { $0.duration(to: .now) })
            if !pass.moving.isEmpty { moving = (pass.moving, .now) }
            if !skipped.isEmpty {
                logger.info("units changed while they were placed", metadata: ["units": "\(skipped)"])
            }
        } else if pass.endsRebalance {
            written = try await registry.endRebalance(leader) ?? written
        }
        try await update(snapshot, leader)
        counters.roundEnded(after: began.duration(to: .now))
    }

    /// - Returns: units that changed while they were placed, of which nothing was done.
    private func apply(
        _ placements: [Placement],
        _ snapshot: FleetSnapshot,
        _ leader: EngineLeader,
    ) async throws -> Set<String> {
        do {
            let (skipped, revision) = try await registry.apply(placements, snapshot, leader)
            written = revision
            return Set(skipped)
        } catch {
            counters.failed(placements)
            throw error
        }
    }

    private func mayMove(_ snapshot: FleetSnapshot) -> Bool {
        guard let moving else { return true }
        let left = Self.settlingLimit - moving.since.duration(to: .now)
        if left > .zero, !moving.units.allSatisfy(snapshot.hasSettled) {
            schedulePass(in: left)
            return false
        }
        self.moving = nil
        return true
    }

    /// Takes every update that runs one step further.
    private func update(_ snapshot: FleetSnapshot, _ leader: EngineLeader) async throws {
        updates = updates.filter { snapshot.updates[$0.key]?.value.phase.isOver == false }
        for (name, stored) in snapshot.updates.sorted(by: { $0.key < $1.key }) where !stored.value.phase.isOver {
            var update = updates[name] ?? RollingUpdate(name)
            switch update.look(at: stored.value, snapshot, now: .now) {
            case .wait(let pause):
                schedulePass(in: pause)
            case .write(let record, let texts):
                let texts = texts.sorted { $0.key < $1.key }.compactMap { unit, text in
                    snapshot.units[unit].map { (unit: $0, text: text) }
                }
                let next = try await registry.advance(update: name, from: stored, to: record, texts: texts, leader)
                let what: Logger.Metadata = ["of": "\(name)", "phase": "\(record.phase)", "done": "\(next != nil)"]
                logger.info("update", metadata: what)
                written = next ?? written
            }
            updates[name] = update
        }
    }

    private func schedulePass(in pause: Duration) {
        nextPassDelay = min(nextPassDelay ?? pause, max(pause, .zero))
    }

    /// A unit that was moved and does not come to rest is not waited for any longer.
    private static let settlingLimit = Duration.seconds(30)

    private func remainingSettleTime() -> Duration {
        // Where this machine's lease has not ended, no outage has ended the others'. And a fleetd that leads and dies
        // again and again would be patient for ever.
        guard let registered, !registered.session.isContinued else { return .zero }
        return (patience ?? .seconds(registered.session.ttl)) - registered.at.duration(to: .now)
    }

    func resign() async {
        guard let leader else { return }
        let registry = registry
        do {
            let told: Void? = try await withDeadline(AgentService.farewellLimit) { try await registry.resign(leader) }
            guard told == nil else { return }
            let limit = AgentService.farewellLimit
            logger.warning("the leadership ends with the machine's lease: etcd does not answer within \(limit)")
        } catch {
            logger.warning("the leadership ends with the machine's lease", metadata: ["error": "\(error)"])
        }
    }
}
