import ArgumentParser
import Discovery
import Logging
import SystemPackage
import Workspace

struct DiscoveryServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve etcd's discovery protocol (version 2) over HTTP until stopped.",
        discussion: """
            A token for a cluster of three:
              curl http://127.0.0.1:8087/new?size=3
            The answer is the URL to give to every member, as `discovery` of its cloud-config's `etcd2`, or by `etcd \
            --discovery`. A node that comes after the last member is refused: the cluster is full.

            Tokens are kept on disk: the service may be stopped and started again at any time. It does not \
            authenticate its clients, so let it listen where only the nodes and you can connect.
            """,
    )

    @Option(help: ArgumentHelp("Where to listen.", valueName: "address:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 8087)
    @Option(help: ArgumentHelp("Where tokens are kept (default: discovery in $SLIPWAY_HOME).", valueName: "path"))
    var directory: String?
    @Flag(help: "Say every request on standard error.")
    var verbose = false

    func run() async throws {
        let service = try DiscoveryService(directory: directory ?? SlipwayHome.prepared().appending("discovery").string)
        var logger = Logger(label: "discovery") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .info : .error
        let server = DiscoveryServer(service, logger: logger)
        let host = listen.host
        let port = listen.port
        try await Interrupt.guarding(advice: "Stopped; the tokens are kept.") {
            try await server.run(host: host, port: port) { port in
                Output.print("Serving discovery on http://\(host):\(port), a token for three at /new?size=3")
            }
        }
    }
}

/// An IPv4 address and a port, as typed.
struct ListenAddress: ExpressibleByArgument {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let port = Int(parts[1]), (0...65535).contains(port) else {
            return nil
        }
        self.init(host: String(parts[0]), port: port)
    }

    var defaultValueDescription: String { "\(host):\(port)" }
}
