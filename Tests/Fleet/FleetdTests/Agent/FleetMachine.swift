import Etcd
import FleetState
import Fleetd
import Foundation
import Logging
import ServiceLifecycle
import Systemd
import TestKit

/// fleetd's parts on a machine of a test, without the API.
final class FleetMachine: Sendable {
    let id: String
    let registry: FleetRegistry
    let watch: ClusterWatch
    let presence = Presence()
    let systemd: FakeSystemd
    let directory: String
    let agent: AgentService
    private let services: [any Service]

    static let quiet: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    init(
        _ id: String,
        etcd: any EtcdClient,
        directory: String,
        systemd: FakeSystemd = FakeSystemd(),
        metadata: [String: String] = [:],
        ttl: Int64 = 60,
        engine: Bool = true,
        patience: Duration = .zero,
        pauses: (shortest: Duration, longest: Duration) = (.milliseconds(500), .seconds(30)),
        startPatience: Duration = .seconds(1),
    ) {
        self.id = id
        self.directory = directory
        self.systemd = systemd
        registry = FleetRegistry(etcd: etcd)
        watch = ClusterWatch(registry, logger: Self.quiet, pauses: (.milliseconds(5), .milliseconds(20)))
        agent = AgentService(
            machineID: id,
            registry: registry,
            watch: watch,
            presence: presence,
            systemd: systemd,
            directory: UnitDirectory(path: directory),
            logger: Self.quiet,
            pauses: pauses,
            patience: startPatience,
        )
        let presenceService = PresenceService(
            registry: registry,
            watch: watch,
            presence: presence,
            ttl: ttl,
            logger: Self.quiet
        ) {
            .named(id, metadata)
        }
        let engineService = EngineService(
            machineID: id,
            registry: registry,
            watch: watch,
            presence: presence,
            logger: Self.quiet,
            coalescing: .zero,
            patience: patience,
        )
        services = [presenceService, agent] + (engine ? [engineService] : [])
    }

    /// Runs until the task is cancelled, as after SIGKILL.
    func run() async throws {
        let (services, watch) = (services, watch)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            for service in services { group.addTask { try await service.run() } }
            try await group.waitForAll()
        }
    }

    /// Runs it while the body does, then kills it.
    func running<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result,
    ) async throws -> Result {
        let task = Task { try await run() }
        defer { task.cancel() }
        return try await body()
    }

    func isActive(_ unit: String) async throws -> Bool {
        try await systemd.unitStatus(unit)?.activeState == "active"
    }

    /// Names of the unit files.
    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted() }

    /// What was asked of systemd about the unit's run.
    func jobs(_ unit: String) -> [JobVerb] {
        systemd.calls.compactMap { if case .job(let verb, unit) = $0 { verb } else { nil } }
    }
}
