import Basics
import FoundationEssentials
import Subprocess

/// A way to fleet's API through another host: ssh forwards a local socket to it.
struct Tunnel {
    let settings: FleetctlSettings
    let host: String
    let isInteractive: Bool

    /// Runs `body` while the tunnel stands; it gets the endpoint to use.
    ///
    /// - Throws: `FleetctlError` when ssh ends, or does not connect in time.
    func run<Value: Sendable>(_ body: @escaping @Sendable (FleetEndpoint) async throws -> Value) async throws -> Value {
        let directory = try makeDirectory()
        defer { remove(directory) }
        let socket = directory + "/fleet.sock"
        let arguments = SSHCommand.forwarding(
            socket,
            to: target,
            through: host,
            settings.ssh,
            isInteractive: isInteractive,
        )
        return try await Interruption.throwing {
            try await race([
                { throw try await failure(of: arguments) },
                {
                    try await waitUntilConnected(socket)
                    return try await body(.unix(path: socket))
                },
            ])
        }
    }

    /// Address that ssh connects to from the tunnel host.
    private var target: String {
        switch settings.endpoint {
        case .unix(let path): path
        case .tcp(_, let authority): authority
        }
    }

    /// Runs ssh until it ends, which it should not before it is ended.
    private func failure(of arguments: [String]) async throws -> FleetctlError {
        let result = try await Subprocess.run(
            .name("ssh"),
            arguments: Arguments(arguments),
            output: .currentStandardError,
            error: .currentStandardError,
        )
        return FleetctlError(
            .unreachable,
            "the tunnel through \(host) ended (ssh: \(Self.words(result.terminationStatus)))"
        )
    }

    private static func words(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }

    /// ssh makes the socket once it has logged in.
    private func waitUntilConnected(_ socket: String) async throws {
        let deadline = ContinuousClock.now + .seconds(settings.ssh.timeout)
        while !FileManager.default.fileExists(atPath: socket) {
            guard ContinuousClock.now < deadline else {
                throw FleetctlError(
                    .timedOut,
                    "no ssh connection to \(host) within \(settings.ssh.timeout) s; try: ssh "
                        + SSHCommand(settings.ssh, host: host).arguments.joined(separator: " "),
                )
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func makeDirectory() throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/fleetctl-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700],
        )
        return path
    }

    private func remove(_ directory: String) {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            Console.standard.err("cannot remove \(directory): \(error)")
        }
    }
}
