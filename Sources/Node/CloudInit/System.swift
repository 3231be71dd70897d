import Basics
import Subprocess
import Systemd

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system that is set up, as far as it is more than files.
package struct System: Sendable {
    /// Path of its root; `/` for this system.
    package var root: String
    /// True when owners of files can be set.
    package var setsOwners: Bool
    /// The environment of this program, as far as it says addresses.
    package var environment: [String: String]
    /// Current host name.
    package var hostname: @Sendable () -> String
    /// Sets the host name until the next boot.
    package var setHostname: @Sendable (String) throws(NodeSetupError) -> Void
    /// Runs a program to its end; the text is its input.
    package var run: @Sendable (_ program: String, _ arguments: [String], _ input: String) async throws -> Void
    /// Runs a program to its end, however it ends; it may write at most `limit` bytes.
    package var read: @Sendable (_ program: String, _ arguments: [String], _ limit: Int) async throws -> ProgramOutput
    /// Opens a connection to systemd.
    package var connectToSystemd: @Sendable () throws(SystemdError) -> any SystemdManager
    /// Says that what is ordered after this program may start.
    package var notifyReady: @Sendable () throws(SystemdError) -> Void
    /// Prints a line of progress.
    package var say: @Sendable (String) -> Void
    /// Prints what the command line asked for, such as the version.
    package var show: @Sendable (String) -> Void
    /// Limits of waits for systemd.
    package var patience = Patience()

    /// Limits of waits for systemd.
    package struct Patience: Sendable {
        /// Limit for a unit's job: long enough for a member that waits for its peers. The job goes on when this program
        /// no longer waits for it.
        package var job: Duration = .seconds(600)
        /// Limit for systemd to answer again after a connection broke.
        package var systemd: Duration = .seconds(120)
        /// Pause before the first retry.
        package var pause: Duration = .milliseconds(200)

        /// The limits of an ordinary machine.
        package init() {}
    }

    /// - Parameter show: prints what the command line asked for; nil where `say` does that, too.
    package init(
        root: String,
        setsOwners: Bool,
        environment: [String: String] = [:],
        hostname: @escaping @Sendable () -> String,
        setHostname: @escaping @Sendable (String) throws(NodeSetupError) -> Void,
        run: @escaping @Sendable (String, [String], String) async throws -> Void,
        read: @escaping @Sendable (String, [String], Int) async throws -> ProgramOutput = System.readProgram,
        connectToSystemd: @escaping @Sendable () throws(SystemdError) -> any SystemdManager,
        notifyReady: @escaping @Sendable () throws(SystemdError) -> Void = {},
        say: @escaping @Sendable (String) -> Void,
        show: (@Sendable (String) -> Void)? = nil,
    ) {
        self.root = root
        self.setsOwners = setsOwners
        self.environment = environment
        self.hostname = hostname
        self.setHostname = setHostname
        self.run = run
        self.read = read
        self.connectToSystemd = connectToSystemd
        self.notifyReady = notifyReady
        self.say = say
        self.show = show ?? say
    }

    /// The machine this program runs on.
    package static func this() -> System {
        System(
            root: "/",
            setsOwners: geteuid() == 0,
            environment: currentEnvironment,
            hostname: currentHostname,
            setHostname: setCurrentHostname,
            run: runProgram,
            connectToSystemd: { () throws(SystemdError) in try SystemdBus.open() },
            notifyReady: { () throws(SystemdError) in try ServiceNotification.ready() },
            say: sayLine,
            show: { print($0) },
        )
    }

    var files: NodeFiles { NodeFiles(root: root == "/" ? "" : root, setsOwners: setsOwners) }

    private static var currentEnvironment: [String: String] {
        NodeAddresses.variableNames.reduce(into: [:]) { environment, name in
            environment[name] = getenv(name).map { String(cString: $0) }
        }
    }

    @Sendable private static func sayLine(_ line: String) {
        // Unbuffered: the journal gets each line when it happens.
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }

    @Sendable private static func currentHostname() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    @Sendable private static func setCurrentHostname(_ name: String) throws(NodeSetupError) {
        guard sethostname(name, name.utf8.count) != 0 else { return }
        throw NodeSetupError(.file, "cannot set the hostname to \(name)", cause: String(cString: strerror(errno)))
    }

    @Sendable private static func runProgram(_ program: String, _ arguments: [String], _ input: String) async throws {
        let result = try await Subprocess.run(
            .name(program),
            arguments: Arguments(arguments),
            input: .string(input),
            output: .discarded,
            error: .string(limit: 1 << 16),
        )
        guard !result.terminationStatus.isSuccess else { return }
        throw NodeSetupError(
            .program,
            "\(program) failed (\(result.terminationStatus))",
            cause: result.standardError.trimmed
        )
    }

    /// Runs a program of this machine for ``read``.
    @Sendable package static func readProgram(
        _ program: String,
        _ arguments: [String],
        _ limit: Int,
    ) async throws -> ProgramOutput {
        let result = try await Subprocess.run(
            .name(program),
            arguments: Arguments(arguments),
            output: .bytes(limit: limit),
            error: .string(limit: 1 << 16),
        )
        let exitCode: Int32? = if case .exited(let code) = result.terminationStatus { code } else { nil }
        return ProgramOutput(
            exitCode: exitCode ?? -1,
            standardOutput: result.standardOutput,
            standardError: result.standardError.trimmed,
        )
    }
}

/// Output and exit status of a program.
package struct ProgramOutput: Sendable, Hashable {
    /// -1 for one that a signal ended.
    package var exitCode: Int32
    /// Its whole output.
    package var standardOutput: [UInt8]
    /// Without white space at either end.
    package var standardError: String
}
