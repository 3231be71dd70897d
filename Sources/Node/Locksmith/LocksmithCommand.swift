import ArgumentParser
import Etcd
import FoundationEssentials
import Glibc
import RebootLock
import Systemd

/// The command `locksmithctl`.
package struct LocksmithCommand: AsyncParsableCommand {
    /// Name and subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "locksmithctl",
        abstract: "Manage the cluster-wide reboot lock.",
        discussion: """
            Machines with reboot_strategy etcd-lock reboot only with a place in a semaphore that lies in etcd, so that \
            no more than its maximum are away at a time.

              locksmithctl status          who has a place
              locksmithctl set-max 2       let two machines reboot at a time
              locksmithctl unlock ID       take back the place of a machine that will not
              locksmithctl reboot          reboot this machine once it has a place

            Each option may also be set in the environment: -endpoint as LOCKSMITHCTL_ENDPOINT, and so on.
            """,
        version: "locksmithctl version \(LocksmithMain.version)",
        subcommands: [
            LockStatus.self, LockTake.self, LockRelease.self, LockMaximum.self, MachineReboot.self, RebootRequest.self,
        ],
    )

    package init() {}
}

/// Options shared by the commands.
struct LockOptions: ParsableArguments {
    @OptionGroup var options: LocksmithOptions

    var lock: RebootLock {
        get throws { try options.lock("LOCKSMITHCTL", ProcessInfo.processInfo.environment) }
    }

    /// - Parameter named: the machine named on the command line; without it, this one.
    static func machine(_ named: String?) throws -> String { try named ?? LocksmithMain.machineID() }
}

struct LockStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how many places the semaphore has, and who has one.",
    )

    @OptionGroup var lock: LockOptions

    func run() async throws {
        let semaphore = try await lock.lock.semaphore()
        print("Available: \(semaphore.semaphore)")
        print("Max: \(semaphore.max)")
        guard !semaphore.holders.isEmpty else { return }
        print("\nMACHINE ID")
        for holder in semaphore.holders { print(holder) }
    }
}

struct LockTake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Take a place for a machine, without rebooting it.",
    )

    @Argument(help: "The machine's ID; without it, this machine's.") var machine: String?
    @OptionGroup var lock: LockOptions

    func run() async throws {
        let (taken, semaphore) = try await lock.lock.take(try LockOptions.machine(machine))
        guard taken else { throw Self.noPlace(semaphore) }
    }

    static func noPlace(_ semaphore: RebootSemaphore) -> LocksmithError {
        let holders = semaphore.holders.joined(separator: ", ")
        return LocksmithError("no place is free: \(holders.isEmpty ? "the maximum is \(semaphore.max)" : holders)")
    }
}

struct LockRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unlock", abstract: "Take a machine's place back.")

    @Argument(help: "The machine's ID; without it, this machine's.") var machine: String?
    @OptionGroup var lock: LockOptions

    func run() async throws {
        let machine = try LockOptions.machine(machine)
        guard try await lock.lock.release(machine) else { throw LocksmithError("\(machine) has no place") }
    }
}

struct LockMaximum: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-max",
        abstract: "Change how many machines may reboot at a time.",
    )

    @Argument(help: "The number of places.") var count: Int
    @OptionGroup var lock: LockOptions

    func validate() throws {
        guard count >= 0 else { throw ValidationError("There cannot be \(count) places.") }
    }

    func run() async throws {
        let previous = try await lock.lock.setMax(count)
        print("Old: \(previous)")
        print("New: \(count)")
    }
}

struct MachineReboot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot",
        abstract: "Take a place and reboot this machine; fails where none is free.",
        discussion: "locksmithd gives the place back when the machine is healthy again.",
    )

    @OptionGroup var lock: LockOptions

    func run() async throws {
        try await LocksmithMain.checkPlaceIsGivenBack(try SystemdBus.open())
        let (taken, semaphore) = try await lock.lock.take(try LocksmithMain.machineID())
        guard taken else { throw LockTake.noPlace(semaphore) }
        try await LocksmithMain.reboot()
    }
}

struct RebootRequest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send-need-reboot",
        abstract: "Ask locksmithd on this machine to reboot it.",
    )

    func run() throws {
        let path = SystemMachine.requestPath
        do {
            try Data().write(to: URL(filePath: path))
        } catch {
            throw LocksmithError("cannot write \(path): \(error)")
        }
    }
}
