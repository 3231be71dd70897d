import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Sets up what a command works with, from the options, the environment and this machine.
enum Session {
    /// Runs `body` and ends the command with the exit code it gives.
    static func run(
        _ options: GlobalOptions,
        _ body: @escaping @Sendable (FleetContext) async throws -> Int32,
    ) async throws {
        let settings = try Settings(options, environment: ProcessInfo.processInfo.environment)
        let isInteractive = isatty(STDIN_FILENO) == 1
        let code: Int32
        if let host = settings.tunnel {
            let tunnel = Tunnel(settings: settings, host: host, isInteractive: isInteractive)
            code = try await tunnel.run { endpoint in try await body(context(settings, endpoint, isInteractive)) }
        } else {
            code = try await body(context(settings, settings.endpoint, isInteractive))
        }
        if code != 0 { throw ExitCode(code) }
    }

    private static func context(_ settings: Settings, _ endpoint: Endpoint, _ isInteractive: Bool) -> FleetContext {
        let timeout = TimeAmount.milliseconds(Int64(settings.requestTimeout * 1000))
        var transport: any APITransport = HTTPTransport(endpoint: endpoint, client: .shared, timeout: timeout)
        if settings.isDebugging { transport = LoggingTransport(inner: transport, console: .standard) }
        return FleetContext(
            client: FleetClient(transport),
            console: .standard,
            pause: .real,
            runner: ForegroundRunner(),
            settings: settings,
            localMachineID: settings.tunnel == nil ? machineID() : nil,
            isInteractive: isInteractive,
            readFile: readFile,
        )
    }

    /// The id of this machine, where it has one.
    private static func machineID() -> String? {
        let text = FileManager.default.contents(atPath: "/etc/machine-id").map { String(decoding: $0, as: UTF8.self) }
        let id = text?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        return id?.count == 32 ? id : nil
    }

    @Sendable static func readFile(_ path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw FleetctlError(.file, "cannot read \(path)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
