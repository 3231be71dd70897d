import FleetAPI
import FleetState
import Logging
import ServiceLifecycle
import Synchronization
import Systemd
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Remembers whether the machine was asked to leave the cluster, and so is to stay away.
final class Departure: Sendable {
    private let asked = Atomic(false)

    var isAsked: Bool { asked.load(ordering: .relaxed) }

    func wasAsked() { asked.store(true, ordering: .relaxed) }
}

/// Does what signals ask for, and ends the daemon when they ask for that.
struct SignalService: Service {
    let agent: AgentService
    let systemd: any SystemdManager
    let machine: MachineDescription
    let registry: FleetRegistry
    let presence: Presence
    let logger: Logger
    let reload: @Sendable () throws -> FleetConfiguration
    let departure: Departure

    /// Limit for units to stop when the machine leaves.
    static let leaveLimit = Duration.seconds(60)

    /// What is asked of fleetd.
    private enum Request: Sendable {
        case signal(UnixSignal)
        /// The machine's record was marked, by others.
        case leave
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let (requests, asked) = AsyncStream.makeStream(of: Request.self)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let trapped = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigusr1, .sigusr2, .sighup)
                    for await signal in trapped { asked.yield(.signal(signal)) }
                }
                group.addTask { if await agent.isAskedToLeave() { asked.yield(.leave) } }
                // One after the other: what is asked while the machine leaves changes nothing any more.
                for await request in requests where await ends(request) { break }
                group.cancelAll()
            }
        }
    }

    /// Does what is asked.
    ///
    /// - Returns: whether the daemon ends with it.
    private func ends(_ request: Request) async -> Bool {
        switch request {
        case .signal(.sighup):
            await reloadConfiguration()
            return false
        case .signal(.sigusr1):
            dump()
            return false
        case .signal(.sigusr2), .leave:
            departure.wasAsked()
            await leave(farewell: AgentService.patientFarewell)
        default:
            if await isGoingDown() { await leave(farewell: AgentService.farewellLimit) }
        }
        return true
    }

    /// Writes what fleetd knows of the cluster to its output, as JSON, as the original did.
    private func dump() {
        guard let snapshot = agent.watch.snapshot else { return logger.notice("fleet's state is not known yet") }
        let units = snapshot.units.keys.sorted().compactMap { snapshot.apiUnit($0, inList: true) }
        let machines = snapshot.machineRecords.map { record in
            APIMachine(id: record.id, metadata: record.metadata, primaryIP: record.primaryIP)
        }
        do {
            print(try GoJSON.text(APIPage(units: units, states: snapshot.apiStates, machines: machines)))
            fflush(nil)
        } catch {
            logger.error("fleet's state cannot be written as JSON", metadata: ["error": "\(error)"])
        }
    }

    private func reloadConfiguration() async {
        logger.notice("Reloading configuration")
        do {
            machine.set(try reload())
            if let session = presence.session { try await registry.update(machine.record, session) }
        } catch {
            logger.error("the configuration stays as it was", metadata: ["error": "\(error)"])
        }
    }

    /// Returns whether the machine is being shut down, rather than fleetd restarted.
    private func isGoingDown() async -> Bool {
        do {
            return try await systemd.unitStatus("shutdown.target")?.job == "start"
        } catch {
            logger.warning("cannot ask systemd whether the machine goes down", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func leave(farewell: Duration) async {
        logger.notice("leaving the cluster: stopping all units")
        do {
            let left = try await agent.leave(within: Self.leaveLimit, farewell: farewell)
            if !left.isEmpty { logger.error("units were not stopped in time", metadata: ["units": "\(left)"]) }
        } catch {
            logger.error("the machine is gone when its lease ends", metadata: ["error": "\(error)"])
        }
    }
}
