import ArgumentParser
import CloudConfig
import FoundationEssentials
import Logging
import RebootLock
import Systemd
import UnixSignals

/// The program, which is the daemon where it is called `locksmithd`, and else the command.
package enum LocksmithMain {
    static let version = "0.7.0"

    /// The arguments of the original as ArgumentParser takes them: its flags have one dash, and stand before the
    /// command.
    package static func originalStyle(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var leading: [String] = []
        while let word = rest.first, word.hasPrefix("-"), word != "--" {
            leading.append(rest.removeFirst())
            let isWhole = word.contains("=") || ["debug", "version", "help", "h"].contains(word.drop { $0 == "-" })
            if !isWhole, let value = rest.popFirst() { leading.append(value) }
        }
        // What is asked of the program itself stays before the command, and so does everything of the daemon's.
        let command = rest.popFirst().map { [$0] } ?? []
        return (command + leading + rest.flatMap { Int($0).map { $0 < 0 } == true ? ["--", $0] : [$0] }).map { word in
            let isLong = word.hasPrefix("-") && !word.hasPrefix("--") && word.count > 2 && Int(word) == nil
            return isLong ? "-" + word : word
        }
    }

    /// Runs the program by the name that it was started under.
    package static func run(_ arguments: [String]) async {
        let name = arguments.first?.split(separator: "/").last ?? "locksmithctl"
        let words = originalStyle(Array(arguments.dropFirst()))
        switch name {
        case "locksmithd": await LocksmithdCommand.main(words)
        case "boot-check": await BootCheckCommand.main(words)
        default: await LocksmithCommand.main(words)
        }
    }

    static func machineID() throws -> String {
        let path = "/etc/machine-id"
        do {
            let id = try String(contentsOfFile: path, encoding: .utf8).prefix { $0.isHexDigit }
            guard id.count == 32 else { throw LocksmithError("it holds no machine ID") }
            return String(id)
        } catch {
            throw LocksmithError("cannot read \(path): \(error)")
        }
    }

    /// Refuses a reboot under the lock of a machine whose locksmithd will not run after it: the place would never be
    /// given back, and no other machine could reboot.
    package static func checkPlaceIsGivenBack(_ systemd: any SystemdManager) async throws {
        let unit = "locksmithd.service"
        guard let state = try await systemd.unitFileState(unit), !state.hasPrefix("masked") else {
            throw LocksmithError(
                "\(unit) does not run on this machine, so its place would not be given back after the reboot; set "
                    + "coreos.update.reboot_strategy to etcd-lock, or reboot without a place: systemctl reboot"
            )
        }
    }

    static func reboot() async throws {
        let machine = SystemMachine(systemd: try SystemdBus.open(), machineID: try machineID())
        try await machine.reboot(Logger(label: "locksmithctl", factory: { StreamLogHandler.standardError(label: $0) }))
    }
}

/// `locksmithd`, as its unit starts it.
struct LocksmithdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "locksmithd",
        abstract: "Reboot this machine when it needs it, as coreos.update.reboot_strategy says.",
        discussion: """
            A reboot is asked for by \(SystemMachine.requestPath). REBOOT_STRATEGY is etcd-lock, reboot, best-effort \
            or off; REBOOT_WINDOW_START and REBOOT_WINDOW_LENGTH say when it may happen.
            """,
        version: "locksmithd version \(LocksmithMain.version)",
    )

    @OptionGroup var options: LocksmithOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = Logger(label: "locksmithd", factory: { StreamLogHandler.standardError(label: $0) })
        let name =
            environment["REBOOT_STRATEGY"].flatMap { $0.isEmpty ? nil : $0 } ?? RebootStrategy.bestEffort.rawValue
        guard let strategy = RebootStrategy(rawValue: name) else {
            let known = RebootStrategy.allCases.map(\.rawValue).joined(separator: ", ")
            throw LocksmithError("REBOOT_STRATEGY is '\(name)', which is none of \(known)")
        }
        guard strategy != .off else {
            logger.notice("the reboot strategy is off")
            return
        }
        let machineID = try LocksmithMain.machineID()
        let daemon = LocksmithDaemon(
            strategy: strategy,
            window: try Self.window(environment),
            machineID: machineID,
            lock: try options.lock("LOCKSMITHD", environment),
            machine: SystemMachine(systemd: try SystemdBus.open(), machineID: machineID),
            logger: logger,
        )
        try ServiceNotification.ready()
        try await Self.untilStopped { try await daemon.run() }
    }

    /// The window under its own names, and under those that came later.
    static func window(_ environment: [String: String]) throws -> RebootWindow? {
        func setting(_ name: String) -> String? {
            let value = environment["LOCKSMITHD_REBOOT_WINDOW_\(name)"] ?? environment["REBOOT_WINDOW_\(name)"]
            return value.flatMap { $0.isEmpty ? nil : $0 }
        }
        switch (setting("START"), setting("LENGTH")) {
        case (nil, nil): return nil
        case (let start?, let length?):
            guard let window = RebootWindow(start: start, length: length) else {
                throw LocksmithError("'\(start)' for '\(length)' is no reboot window such as 'Thu 04:00' for '1h30m'")
            }
            return window
        case (let start, _):
            let (given, missing) = start == nil ? ("LENGTH", "START") : ("START", "LENGTH")
            throw LocksmithError("REBOOT_WINDOW_\(given) is set without REBOOT_WINDOW_\(missing)")
        }
    }

    /// Ends when systemd stops the service: after a request to reboot, it soon does.
    private static func untilStopped(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return false
            }
            group.addTask {
                for await _ in signals { return true }
                return true
            }
            defer { group.cancelAll() }
            while let stopped = try await group.next(), !stopped {}
        }
    }
}
