import NodePrograms
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
        let output = try await NodePrograms.runProgram(program, arguments, input: input, limit: 16 << 20)
        guard !output.isSuccess else { return }
        let status = output.exitCode < 0 ? "ended by a signal" : "status \(output.exitCode)"
        throw NodeSetupError(.program, "\(program) failed (\(status))", cause: output.standardError)
    }

    /// Runs a program of this machine for ``read``.
    @Sendable package static func readProgram(
        _ program: String,
        _ arguments: [String],
        _ limit: Int,
    ) async throws -> ProgramOutput {
        try await NodePrograms.runProgram(program, arguments, limit: limit)
    }
}
