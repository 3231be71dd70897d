import FleetState
import Logging
import ServiceLifecycle
import Systemd
import UnixSignals

/// Does what signals ask for, and ends the daemon when they ask for that.
struct SignalService: Service {
    let agent: AgentService
    let systemd: any SystemdManager
    let machine: MachineDescription
    let registry: FleetRegistry
    let presence: Presence
    let logger: Logger
    let reload: @Sendable () throws -> FleetConfiguration

    /// How long units have to stop when the machine leaves.
    static let leaveLimit = Duration.seconds(60)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigusr2, .sighup) {
                switch signal {
                case .sighup:
                    await reloadConfiguration()
                case .sigusr2:
                    return await leave()
                default:
                    if await isGoingDown() { await leave() }
                    return
                }
            }
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

    /// Whether the machine is being shut down, rather than fleetd restarted.
    private func isGoingDown() async -> Bool {
        do {
            return try await systemd.unitStatus("shutdown.target")?.job == "start"
        } catch {
            logger.warning("cannot ask systemd whether the machine goes down", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func leave() async {
        logger.notice("leaving the cluster: stopping all units")
        do {
            let left = try await agent.leave(within: Self.leaveLimit)
            if !left.isEmpty { logger.error("units were not stopped in time", metadata: ["units": "\(left)"]) }
        } catch {
            logger.error("the machine is gone when its lease ends", metadata: ["error": "\(error)"])
        }
    }
}
