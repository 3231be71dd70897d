import ArgumentParser
import AsyncHTTPClient
import Basics
import FoundationEssentials
import NIOCore
import SystemPackage
import TransportSecurity

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
        let settings = try FleetctlSettings(options, environment: ProcessInfo.processInfo.environment)
        if !settings.unusedEndpoints.isEmpty {
            Console.standard.err("WARNING: multiple endpoints given, using \(settings.endpoint)")
        }
        let isInteractive = isatty(STDIN_FILENO) == 1
        let code: Int32
        if let etcd = settings.etcd {
            code = try await etcd.run(settings) { transport in
                try await body(context(settings, transport, isInteractive))
            }
        } else if let host = settings.tunnel {
            let tunnel = Tunnel(settings: settings, host: host, isInteractive: isInteractive)
            code = try await tunnel.run { endpoint in
                try await withClient(settings) { client in
                    try await body(context(settings, transport(settings, endpoint, client), isInteractive))
                }
            }
        } else {
            code = try await withClient(settings) { client in
                try await body(context(settings, transport(settings, settings.endpoint, client), isInteractive))
            }
        }
        if code != 0 { throw ExitCode(code) }
    }

    /// A client for this run.
    private static func withClient(
        _ settings: FleetctlSettings,
        _ body: (HTTPClient) async throws -> Int32,
    ) async throws -> Int32 {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.tlsConfiguration = try settings.tlsIdentity(forEtcd: false)?.configuration
        // Who is not there now is told of at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Int32, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        return try result.get()
    }

    private static func transport(
        _ settings: FleetctlSettings,
        _ endpoint: FleetEndpoint,
        _ client: HTTPClient,
    ) -> any FleetTransport {
        let timeout = TimeAmount.milliseconds(Int64(settings.requestTimeout * 1000))
        let farEnd = settings.tunnel.map { "\(settings.endpoint), as seen from \($0)" }
        return HTTPTransport(endpoint: endpoint, client: client, timeout: timeout, farEnd: farEnd)
    }

    private static func context(
        _ settings: FleetctlSettings,
        _ transport: any FleetTransport,
        _ isInteractive: Bool,
    ) -> FleetContext {
        var transport = transport
        if settings.isDebugging { transport = LoggingTransport(inner: transport, console: .standard) }
        return FleetContext(
            client: FleetClient(transport),
            console: .standard,
            pause: .real,
            runner: ForegroundRunner(isReplaceable: settings.tunnel == nil),
            settings: settings,
            localMachineID: settings.tunnel == nil ? machineID() : nil,
            isInteractive: isInteractive,
            now: { Date.now.formatted(.iso8601) },
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
        do {
            return try WholeFile.text(of: path)
        } catch {
            throw FleetctlError(.file, "cannot read \(path)", cause: Errno(rawValue: error.number))
        }
    }
}
