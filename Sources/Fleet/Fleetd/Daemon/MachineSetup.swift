import Basics
import FleetState
import Logging
import ServiceLifecycle

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What coreos-cloudinit says of this machine's setup.
enum MachineSetup {
    /// Where it writes its result, in JSON.
    static let path = "/run/coreos-cloudinit/result.json"

    private struct Result: Decodable {
        var stage: String
        var ok: Bool
        var failed: [String]?
    }

    /// Returns whether the machine's cloud-config is applied, commands of its units included. False where it failed, on a
    /// machine without one, and on one whose containers have no subnet though they are to have one: who waits for the
    /// machine looks for the reason there.
    static func isDone(path: String) -> Bool {
        guard let text = try? Data(contentsOf: URL(filePath: path)) else { return false }
        // Whoever reads while it is written is told of the next version.
        guard let result = try? JSONDecoder().decode(Result.self, from: text) else { return false }
        let isStarted = !(result.failed ?? []).contains { $0.contains(" flanneld.service: ") }
        return result.stage == "done" && result.ok && isStarted
    }
}

/// Adds to the machine's record that its setup is done, where that was not so when it registered: whoever waits for the
/// machine need not log in to ask.
struct SetupService: Service {
    let registry: FleetRegistry
    let presence: Presence
    let machine: MachineDescription
    let logger: Logger

    func run() async throws {
        let path = machine.setupPath
        await cancelWhenGracefulShutdown {
            do {
                if !MachineSetup.isDone(path: path) {
                    try await FileWatch(path).until { MachineSetup.isDone(path: path) }
                }
                try await tell()
            } catch is CancellationError {
                return
            } catch {
                // A machine that nobody sets up has no such directory.
                logger.debug("the machine's setup is not known", metadata: ["error": "\(error)"])
            }
            // A service that returns ends the daemon.
            for await _ in presence.sessions() {}
        }
    }

    /// One that registers after its setup says it by itself.
    private func tell() async throws {
        for await present in presence.sessions() {
            guard let session = present else { continue }
            if machine.saysThatItIsSetUp { return }
            do throws(RegistryError) {
                try await registry.update(machine.record, session)
                return
            } catch {
                guard error.code == .machineLost else { throw error }
            }
        }
    }
}
