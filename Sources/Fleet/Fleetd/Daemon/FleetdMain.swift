import Etcd
import Logging
import NIOCore
import Systemd
import TransportSecurity

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// fleetd with the real etcd and systemd, set up from a file and the environment.
package struct FleetdMain: Sendable {
    static let socketPath = "/var/run/fleet.sock"

    /// The file that is read unless another one is named.
    package static let standardFile = "/etc/fleet/fleet.conf"

    let configurationFile: String
    private let mayBeMissing: Bool

    /// - Parameter configurationFile: nil for the standard one, which may be missing.
    package init(configurationFile: String?) {
        self.configurationFile = configurationFile ?? Self.standardFile
        mayBeMissing = configurationFile == nil
    }

    /// Runs the daemon until a signal ends it.
    ///
    /// - Returns: the exit status.
    package func run() async throws -> Int32 {
        // Whatever a machine's fleetd has to do is little, and done soonest without a change of threads.
        NIOSingletons.groupLoopCountSuggestion = 1
        let sockets = try ListenSocket.takeAll()
        let configuration = try read()
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "fleetd")
        logger.logLevel = configuration.verbosity > 1 ? .debug : configuration.verbosity > 0 ? .info : .notice
        for setting in configuration.ignoredSettings {
            logger.warning(
                "a setting has no effect",
                metadata: ["file": "\(configurationFile)", "setting": "\(setting)"]
            )
        }
        let standard = sockets.isEmpty ? [.unix(path: Self.socketPath)] : sockets.map(APIListener.inherited)
        let listeners = try standard + configuration.apiListen.map { text throws(FleetError) in try APIListener(text) }
        let directory = UnitDirectory(path: configuration.unitsDirectory)
        let daemon = FleetDaemon(
            configuration: configuration,
            identity: try .read(directory: directory.parent),
            listeners: listeners,
            apiSecurity: try APISecurity(configuration),
            etcd: EtcdHTTPClient(
                endpoints: configuration.etcdServers,
                requestTimeout: configuration.etcdRequestTimeout,
                tls: try Self.tls(configuration),
            ),
            systemd: try SystemdBus.open(),
            logger: logger,
            reload: read,
        )
        try ServiceNotification.ready()
        return try await daemon.run() ? FleetDaemon.leftStatus : 0
    }

    private static func tls(_ configuration: FleetConfiguration) throws -> TLSIdentity? {
        let files = TLSFiles(
            authority: .init("etcd_cafile", configuration.etcdCAFile),
            certificate: .init("etcd_certfile", configuration.etcdCertFile),
            key: .init("etcd_keyfile", configuration.etcdKeyFile),
        )
        do { return try files.identity() } catch { throw FleetError(.configuration, error.message, cause: error.cause) }
    }

    private func read() throws -> FleetConfiguration {
        let isThere = FileManager.default.fileExists(atPath: configurationFile)
        guard isThere || mayBeMissing else { throw FleetError(.configuration, "\(configurationFile) does not exist") }
        let data = isThere ? try Data(contentsOf: URL(filePath: configurationFile)) : Data()
        let environment = ProcessInfo.processInfo.environment
        do {
            return try FleetConfiguration(text: String(decoding: data, as: UTF8.self), environment: environment)
        } catch {
            throw FleetError(.configuration, "\(configurationFile) cannot be used", cause: error)
        }
    }
}
