import ConnectionLimits
import Etcd
import FleetState
import Logging
import ServiceLifecycle
import Synchronization
import Systemd

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// fleetd: everything that runs on a machine of the cluster.
///
/// | signal | what happens |
/// |---|---|
/// | SIGTERM, SIGINT | fleetd ends. Units run on, and the machine stays registered for the rest of its lease: a fleetd that is started again within it takes over as if nothing had happened. If the machine itself is going down, it leaves as on SIGUSR2. |
/// | SIGUSR1 | fleetd writes what it knows of the cluster to its output, as JSON. |
/// | SIGUSR2 | The machine leaves the cluster: its units are stopped and run elsewhere at once. fleetd ends with ``leftStatus``, on which its unit is not to start it again. |
/// | SIGHUP | The configuration is read again: metadata and address. |
///
/// The same as SIGUSR2 does ``FleetRegistry/askToLeave(machineID:)``, from anywhere in the cluster.
package struct FleetDaemon: Sendable {
    /// Version of fleetd.
    package static let version = "2.0.0"
    /// The exit status of a fleetd that was asked to leave the cluster, and is to stay away until it is started again.
    package static let leftStatus: Int32 = 69

    let configuration: FleetConfiguration
    let identity: MachineIdentity
    let listeners: [APIListener]
    let apiSecurity: APISecurity
    let etcd: any EtcdClient
    let systemd: any SystemdManager
    let logger: Logger
    /// Reads the configuration anew.
    let reload: @Sendable () throws -> FleetConfiguration

    package init(
        configuration: FleetConfiguration,
        identity: MachineIdentity,
        listeners: [APIListener],
        apiSecurity: APISecurity = APISecurity(),
        etcd: any EtcdClient,
        systemd: any SystemdManager,
        logger: Logger,
        reload: @escaping @Sendable () throws -> FleetConfiguration,
    ) {
        self.configuration = configuration
        self.identity = identity
        self.listeners = listeners
        self.apiSecurity = apiSecurity
        self.etcd = etcd
        self.systemd = systemd
        self.logger = logger
        self.reload = reload
    }

    /// Runs the daemon's services until one ends or a signal ends them.
    ///
    /// - Returns: whether the machine was asked to leave the cluster.
    package func run() async throws -> Bool {
        let departure = Departure()
        let registry = FleetRegistry(etcd: etcd, prefix: configuration.etcdKeyPrefix)
        let watch = ClusterWatch(registry, logger: logger)
        let presence = Presence()
        let machine = MachineDescription(identity: identity, configuration: configuration)
        let agent = AgentService(
            machineID: identity.id,
            registry: registry,
            watch: watch,
            presence: presence,
            systemd: systemd,
            directory: UnitDirectory(path: configuration.unitsDirectory),
            logger: logger,
        )
        let engine = EngineCounters()
        let api = APIResponder(
            registry: registry,
            watch: watch,
            presence: presence,
            tokenLimit: configuration.tokenLimit,
            access: apiSecurity.access,
            engine: engine,
            logger: logger,
        )
        let ttl = max(configuration.agentTTL.components.seconds, 1)
        var services: [any Service] = [
            WatchService(watch: watch),
            PresenceService(registry: registry, watch: watch, presence: presence, ttl: ttl, logger: logger) {
                machine.record
            },
            agent,
            SetupService(registry: registry, presence: presence, machine: machine, logger: logger),
        ]
        if !configuration.disableEngine {
            services.append(
                EngineService(
                    machineID: identity.id,
                    registry: registry,
                    watch: watch,
                    presence: presence,
                    counters: engine,
                    logger: logger,
                )
            )
        }
        if !configuration.namesDomain.isEmpty {
            let (domain, path) = (configuration.namesDomain, configuration.namesFile)
            services.append(NamesService(watch: watch, domain: domain, path: path, logger: logger))
        }
        services += listeners.map {
            APIServer($0, api, tls: apiSecurity.tls, version: Self.version, logger: logger)
        }
        let signals = SignalService(
            agent: agent,
            systemd: systemd,
            machine: machine,
            registry: registry,
            presence: presence,
            logger: logger,
            reload: reload,
            departure: departure,
        )
        var configurations = services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        configurations.append(.init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup))
        try await ServiceGroup(configuration: .init(services: configurations, logger: logger)).run()
        return departure.isAsked
    }
}

/// Description that the machine publishes of itself; changes when the configuration does.
final class MachineDescription: Sendable {
    private let identity: MachineIdentity
    private let configuration: Mutex<FleetConfiguration>
    private let isSaidToBeSetUp = Mutex(false)
    /// File with the result of the machine's setup.
    let setupPath: String

    /// True where the last record says that the machine is set up.
    var saysThatItIsSetUp: Bool { isSaidToBeSetUp.withLock(\.self) }

    init(identity: MachineIdentity, configuration: FleetConfiguration, setupPath: String = MachineSetup.path) {
        self.identity = identity
        self.setupPath = setupPath
        self.configuration = Mutex(configuration)
    }

    func set(_ new: FleetConfiguration) {
        configuration.withLock { $0 = new }
    }

    var record: MachineRecord {
        let now = configuration.withLock { $0 }
        var record = MachineRecord(
            id: identity.id,
            primaryIP: now.publicIP.unlessEmpty ?? DefaultAddress.find() ?? "",
            metadata: now.metadata,
            version: FleetDaemon.version,
            token: identity.token,
            memory: ProcessInfo.processInfo.physicalMemory,
            cpus: ProcessInfo.processInfo.activeProcessorCount,
            leavesOnRequest: true,
        )
        record.hostname = OwnHost.machineName.unlessEmpty
        if MachineSetup.isDone(path: setupPath) { record.isSetUp = true }
        isSaidToBeSetUp.withLock { $0 = record.isSetUp == true }
        return record
    }
}

/// Keeps the copy of fleet's state.
struct WatchService: Service {
    let watch: ClusterWatch

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // It ends with the task only.
            do { try await watch.run() } catch {}
        }
    }
}
