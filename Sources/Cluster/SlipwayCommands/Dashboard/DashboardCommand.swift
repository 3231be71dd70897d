import ArgumentParser
import Dashboard
import FoundationEssentials
import Logging
import Planning
import TopologyModel
import Workspace

struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Show clusters in a browser, alive.",
        discussion: """
            Serves a page with nodes, etcd's members, units where they run, what happens as it happens, and what `up` would \
            do. It only shows, unless --write is given. Nothing is observed while no page is open.

              slipway dashboard                              all clusters of this host
              slipway dashboard Topologies/production.yaml   this one, and what its file would change

            The URL that is printed has a token, without which nothing is shown. It listens on this host only; from \
            another, take a tunnel (ssh -L 8090:127.0.0.1:8090 HOST) rather than another --listen: the page is not encrypted.

            With --write its page also has buttons to bring a cluster to its file, to scale roles, to start, stop, restart \
            and drain nodes, and to start and stop units. Each shows the command that it stands for before that runs, then \
            what it says, and asks what the command asks. Whoever has the URL can do all of it.

            /metrics has the figures of `slipway metrics` of all clusters shown. Prometheus needs the token as its \
            bearer token; --token-file keeps one beyond this run:

              openssl rand -hex 32 >token; chmod 600 token; slipway dashboard --token-file token
            """,
    )

    @Argument(help: ArgumentHelp("Topology files or names of clusters; all where none is named.", valueName: "cluster"))
    var clusters: [String] = []
    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "address:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 8090)
    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp(
            "File with the token, 32 characters or more; else each run has a new one.",
            valueName: "path",
        ),
    )
    var tokenFile: String?
    @Flag(help: "Let the page change clusters, too.")
    var write = false
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        var files: [String: ClusterArgument] = [:]
        for text in clusters {
            let argument = ClusterArgument(text)
            files[try argument.clusterName().description] = argument
        }
        let token = try tokenFile.map(Self.token) ?? DashboardAccess.randomToken()
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let source = HostDashboard(workspace: workspace, clusters: files, uri: connect.uri, host: workspace.hostName)
        let server = DashboardServer(
            source,
            feed: DashboardFeed(source) { Date().timeIntervalSince1970 },
            token: token,
            mayWrite: write,
            logger: HostWorkspace.logger,
        )
        let (host, port) = (listen.host, listen.port)
        try await Interrupt.guarding(advice: "") {
            try await server.run(host: host, port: port) { url in
                Output.print("Dashboard: \(url)")
                Output.note(write ? "Ctrl-C ends it, and stops what its page has begun." : "Ctrl-C ends it.")
            }
        }
    }

    /// - Throws: `UserError` for a token that could be guessed.
    private static func token(in file: String) throws -> String {
        let text = try Diagnosing.text(at: file)
        let token = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        guard token.utf8.count >= 32, token.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            let advice = "make one: openssl rand -hex 32 >\(file)"
            throw UserError("\(file) has no token of 32 or more letters and digits; \(advice)")
        }
        return token
    }
}
