import FleetRegistry
import Logging

/// The engine's memory between two looks.
actor Engine {
    private let registry: FleetRegistry
    private let watch: ClusterWatch
    private let presence: Presence
    private let logger: Logger
    private let coalescing: Duration
    private let patience: Duration?
    private var leader: EngineLeader?
    private var registered: (session: MachineSession, at: ContinuousClock.Instant)?
    /// How long units of machines that are gone still stay where they are; `nil` when there are none.
    private(set) var pauseBeforeEviction: Duration?
    /// What was written last; a snapshot from before it is out of date.
    private var written: Int64 = 0

    init(service: EngineService) {
        registry = service.registry
        watch = service.watch
        presence = service.presence
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
            if error.code == .changedMeanwhile { leader = nil }
            logger.warning("the engine will try again", metadata: ["error": "\(error)"])
            return false
        } catch {
            // Cancelled: the loop ends by itself.
            return true
        }
    }

    private func lookOnce() async throws {
        pauseBeforeEviction = nil
        guard let session = presence.session, let snapshot = watch.snapshot else { return }
        if registered?.session != session { registered = (session, .now) }
        guard snapshot.revision >= max(session.revision, written) else { return }
        if let leader, snapshot.leader?.createRevision == leader.createRevision {
            return try await place(snapshot, leader)
        }
        leader = nil
        guard snapshot.leader == nil || snapshot.leader?.machineID == session.machineID else { return }
        leader = try await registry.campaign(session)
        guard let leader else { return }
        written = leader.revision
        logger.notice("this machine's engine leads")
        // If the key was this machine's already, no event will come of it.
        if snapshot.leader?.createRevision == leader.createRevision { try await place(snapshot, leader) }
    }

    private func place(_ snapshot: FleetSnapshot, _ leader: EngineLeader) async throws {
        let patience = impatientIn()
        let mayEvict = patience <= .zero || snapshot.unitsOfGoneMachines.isEmpty
        if !mayEvict { pauseBeforeEviction = patience }
        let placements = EnginePass.placements(snapshot, mayEvict: mayEvict)
        guard !placements.isEmpty else { return }
        for placement in placements {
            logger.info("engine", metadata: ["unit": "\(placement.unit)", "action": "\(placement.action)"])
        }
        let (skipped, revision) = try await registry.apply(placements, snapshot, leader)
        written = revision
        if !skipped.isEmpty {
            logger.info("units changed while they were placed", metadata: ["units": "\(skipped)"])
        }
    }

    private func impatientIn() -> Duration {
        guard let registered else { return .zero }
        return (patience ?? .seconds(registered.session.ttl)) - registered.at.duration(to: .now)
    }

    func resign() async {
        guard let leader else { return }
        do {
            try await registry.resign(leader)
        } catch {
            logger.warning("the leadership ends with the machine's lease", metadata: ["error": "\(error)"])
        }
    }
}
