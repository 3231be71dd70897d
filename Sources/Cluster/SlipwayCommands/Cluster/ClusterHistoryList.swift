import ArgumentParser
import Basics
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct ClusterHistoryList: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what was done to a cluster, when, and by whom.",
        discussion: """
            Commands that changed the cluster, from any host, with how they ended, and nodes that left an image by \
            themselves. One that ended without a word, as when it was killed, is `begun`. They are kept in the cluster's \
            own etcd, the last \(ClusterHistory.most) of them, under slipway/history/: they go with the cluster, and a \
            backup holds them.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(help: ArgumentHelp("How many of the last commands to show.", valueName: "count"))
    var last = 20
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard last >= 1 else { throw ValidationError("--last is at least 1") }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName().description
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let entries = try await workspace.history(of: name, last: last)
        if output.json { return try Output.json(entries.map(Payload.init)) }
        guard !entries.isEmpty else {
            return Output.print("Nothing was done to \(name) yet by a slipway that records it.")
        }
        Output.print(Self.table(entries).format(style: Output.style))
    }

    /// A row for each command.
    static func table(_ entries: [HistoryEntry]) -> Table {
        Table(
            "TIME",
            "COMMAND",
            "BY",
            "STEPS",
            "ENDED",
            "AFTER",
            rows: entries.map { entry in
                let failed = entry.failed.isEmpty ? "" : ": \(entry.failed.joined(separator: ", "))"
                let isCommand = entry.outcome != .left
                let hasEnd = isCommand && entry.outcome != .begun
                return [
                    JournalPrinter.time(Double(entry.time) / 1_000_000), entry.command, entry.by,
                    isCommand ? "\(entry.steps)" : "-", isCommand ? entry.outcome.rawValue + failed : "-",
                    hasEnd ? Format.duration(.seconds(entry.seconds)) : "-",
                ]
            },
        )
    }

    private struct Payload: Encodable {
        var time: String
        var began: String?
        var command: String
        var by: String
        var outcome: String
        var steps: Int
        var failed: [String]
        var seconds: Double

        init(_ entry: HistoryEntry) {
            time = ClusterEvents.timestamp(Double(entry.time) / 1_000_000)
            began = entry.began.map { ClusterEvents.timestamp(Double($0) / 1_000_000) }
            (command, by, outcome) = (entry.command, entry.by, entry.outcome.rawValue)
            (steps, failed, seconds) = (entry.steps, entry.failed, entry.seconds)
        }
    }
}
