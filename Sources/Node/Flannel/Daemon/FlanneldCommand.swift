import ArgumentParser
import Basics
import Etcd
import FoundationEssentials
import Logging
import TransportSecurity
import UnixSignals

/// The program `flanneld`.
package struct FlanneldCommand: AsyncParsableCommand {
    static let version = "0.7.1"

    /// Name and help.
    package static let configuration = CommandConfiguration(
        commandName: "flanneld",
        abstract: "Give this node's containers a subnet, and lead packets to those of other nodes.",
        discussion: """
            The network is configured in etcd, for all nodes:

              etcdctl set /coreos.com/network/config '{"Network": "10.1.0.0/16", "Backend": {"Type": "vxlan"}}'

            Each node takes a subnet of it, renews it, and writes it to \(FlannelDaemon.Settings().subnetFile), which \
            Docker is started with. Back ends are vxlan, which goes anywhere, and host-gw, for nodes on one link.

            Each option may also be set in the environment: -iface as FLANNELD_IFACE, and so on. Options have one dash \
            or two.
            """,
        version: "flanneld version \(version)",
    )

    @Option(help: ArgumentHelp("etcd's addresses, between commas.", valueName: "urls"))
    var etcdEndpoints: String?
    @Option(help: ArgumentHelp("The network's directory in etcd.", valueName: "key"))
    var etcdPrefix: String?
    @Option(help: ArgumentHelp("The authority that etcd's certificate is checked with.", valueName: "file"))
    var etcdCafile: String?
    @Option(help: ArgumentHelp("The certificate to show etcd.", valueName: "file"))
    var etcdCertfile: String?
    @Option(help: ArgumentHelp("Its key.", valueName: "file"))
    var etcdKeyfile: String?
    @Option(help: .hidden)
    var etcdUsername: String?
    @Option(help: .hidden)
    var etcdPassword: String?
    @Option(help: "The device that packets go out by, or its address; without it, that of the default route.")
    var iface: String?
    @Option(help: ArgumentHelp("The address at which other nodes reach this one.", valueName: "address"))
    var publicIp: String?
    @Option(help: ArgumentHelp("Hide containers' addresses from the world outside.", valueName: "true|false"))
    var ipMasq: String?
    @Option(help: ArgumentHelp("The file that says the node's subnet.", valueName: "file"))
    var subnetFile: String?
    @Option(help: ArgumentHelp("Write this configuration to etcd where it has another or none.", valueName: "json"))
    var networkConfig: String?

    package init() {}

    /// The arguments of the original as ArgumentParser takes them: its flags have one dash, and one that is true or false
    /// may stand alone.
    package static func originalStyle(_ arguments: [String]) -> [String] {
        arguments.map { word in
            let isLong = word.hasPrefix("-") && !word.hasPrefix("--") && word.count > 2
            let word = isLong ? "-" + word : word
            return word == "--ip-masq" ? "--ip-masq=true" : word
        }
    }

    /// Runs the program.
    package static func run(_ arguments: [String]) async { await main(originalStyle(Array(arguments.dropFirst()))) }

    /// Runs the daemon until it is stopped.
    package func run() async throws {
        let options = FlanneldOptions(self, ProcessInfo.processInfo.environment)
        let settings = try options.settings()
        let registry = try options.registry()
        let notifier = ServiceNotifier(address: ProcessInfo.processInfo.environment["NOTIFY_SOCKET"])
        let daemon = FlannelDaemon(
            settings: settings,
            registry: registry,
            tools: NetworkTools(SystemTools()),
            logger: Logger(label: "flanneld", factory: { StreamLogHandler.standardError(label: $0) }),
            notify: { notifier.send($0) },
            kernelChanges: { try RouteChanges().events },
        )
        try await Self.untilStopped { try await daemon.run() }
    }

    /// Ends when systemd stops the service; what it has made stays.
    private static func untilStopped(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { return }
                try Task.checkCancellation()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

/// Options, filled up from the environment.
struct FlanneldOptions {
    private let command: FlanneldCommand
    private let environment: [String: String]

    init(_ command: FlanneldCommand, _ environment: [String: String]) {
        (self.command, self.environment) = (command, environment)
    }

    private func setting(_ option: String?, _ name: String) -> String? {
        (option ?? environment["FLANNELD_\(name)"]).flatMap { $0.isEmpty ? nil : $0 }
    }

    func settings() throws -> FlannelDaemon.Settings {
        var settings = FlannelDaemon.Settings()
        settings.interface = setting(command.iface, "IFACE")
        if let text = setting(command.publicIp, "PUBLIC_IP") {
            guard let address = IPv4Address(text) else { throw Self.fault("-public-ip is '\(text)', no IPv4 address") }
            settings.publicIP = address
        }
        if let text = setting(command.ipMasq, "IP_MASQ") {
            guard let masquerades = Self.truth(text) else {
                throw Self.fault("-ip-masq is '\(text)', neither true nor false")
            }
            settings.masquerades = masquerades
        }
        settings.subnetFile = setting(command.subnetFile, "SUBNET_FILE") ?? settings.subnetFile
        settings.config = setting(command.networkConfig, "NETWORK_CONFIG")
        if let config = settings.config { _ = try NetworkConfig(json: config) }
        return settings
    }

    func registry() throws -> EtcdSubnetRegistry {
        guard setting(command.etcdUsername, "ETCD_USERNAME") == nil,
            setting(command.etcdPassword, "ETCD_PASSWORD") == nil
        else {
            throw Self.fault("etcd's users are not spoken for here; use a certificate: -etcd-certfile, -etcd-keyfile")
        }
        let tls = try tls()
        let scheme = tls == nil ? "http" : "https"
        let named = (setting(command.etcdEndpoints, "ETCD_ENDPOINTS") ?? "").filter { $0 != " " }
        let endpoints = named.split(separator: ",").map(String.init)
        let etcd = EtcdHTTPClient(
            endpoints: endpoints.isEmpty ? ["\(scheme)://127.0.0.1:2379", "\(scheme)://127.0.0.1:4001"] : endpoints,
            requestTimeout: .seconds(5),
            tls: tls,
        )
        let prefix = setting(command.etcdPrefix, "ETCD_PREFIX") ?? EtcdSubnetRegistry.standardPrefix
        return EtcdSubnetRegistry(etcd: etcd, prefix: prefix)
    }

    private func tls() throws -> TLSIdentity? {
        let files = TLSFiles(
            authority: .init("-etcd-cafile", setting(command.etcdCafile, "ETCD_CAFILE")),
            certificate: .init("-etcd-certfile", setting(command.etcdCertfile, "ETCD_CERTFILE")),
            key: .init("-etcd-keyfile", setting(command.etcdKeyfile, "ETCD_KEYFILE")),
        )
        do { return try files.identity() } catch { throw Self.fault(error.description) }
    }

    /// As Go reads it.
    private static func truth(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    private static func fault(_ text: String) -> FlannelError { FlannelError(.configuration, text) }
}
