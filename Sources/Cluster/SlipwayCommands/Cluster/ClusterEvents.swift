import ArgumentParser
import Basics
import FoundationEssentials
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct ClusterEvents: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Print what happens to a cluster, as it happens.",
        discussion: """
            Nodes that come, go, are switched on and off; etcd's members, its quorum and alarms; machines that fleet lists; \
            units that are placed, start, fail and move. Printed as libvirt, etcd and fleet report them, until Ctrl-C, \
            until --for is over, or until the cluster is gone. In more detail, what fleet decides and why is shown by \
            fleetctl events -f on a node.

              slipway events production --follow
              slipway events production --for 60 --json

            --json prints an object a line: time (RFC 3339), subject (network, node, etcd, machine, unit), name, node of a \
            unit, text, is_trouble.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Flag(name: [.long, .customShort("f")], help: "Follow what happens, as it does without this option too.")
    var follow = false
    @Option(name: .customLong("for"), help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
    var seconds: Int?
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard seconds ?? 1 >= 1 else { throw ValidationError("--for is at least 1") }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName().description
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let (report, first) = try await StatusReport.observing(name, workspace)
        if !output.json { Output.note("Watching cluster \(name): \(Self.summary(report)). Ctrl-C ends it.") }
        let telling = { @Sendable () async throws -> Void in
            var story = ClusterStory(of: name, from: first)
            for await look in workspace.looks(at: name) {
                let told = story.take(look)
                for change in told.changes { try show(change) }
                if let trouble = told.trouble { Output.note("the cluster cannot be looked at: \(trouble)") }
                guard !told.isOver else { return Output.note("Cluster \(name) is gone.") }
            }
            try Task.checkCancellation()
        }
        try await Interrupt.guarding(advice: "") {
            guard let seconds else { return try await telling() }
            _ = try await withDeadline(.seconds(seconds), telling)
        }
    }

    private func show(_ change: ClusterChange) throws {
        let now = Date().timeIntervalSince1970
        if output.json { return try Output.event(Payload(change, at: now)) }
        Output.print(Self.line(change, at: now, style: Output.style))
    }

    /// `11-30 00:12:01.250 unit web@1.service on worker-1 is active`.
    static func line(_ change: ClusterChange, at time: Double, style: Style) -> String {
        let place = change.node.map { " on \($0)" } ?? ""
        let text = change.isTrouble ? style.paint(change.text, .red) : change.text
        let (clock, name) = (style.paint(JournalPrinter.time(time), .dim), style.paint(change.name, .bold))
        return "\(clock) \(change.subject.rawValue) \(name)\(place) \(text)"
    }

    /// RFC 3339, to the millisecond.
    static func timestamp(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func summary(_ report: StatusReport) -> String {
        let ready = report.nodes.count { $0.state == "ready" }
        return
            "\(Format.count(report.nodes.count, "node")), \(ready) ready, \(Format.count(report.units.count, "unit"))"
    }

    struct Payload: Encodable {
        var time: String
        var subject: String
        var name: String
        var node: String?
        var text: String
        var isTrouble: Bool

        init(_ change: ClusterChange, at time: Double) {
            self.time = ClusterEvents.timestamp(time)
            (subject, name, node) = (change.subject.rawValue, change.name, change.node)
            (text, isTrouble) = (change.text, change.isTrouble)
        }
    }
}

/// What is told of a cluster, from one look to the next.
struct ClusterStory {
    /// What one look has to tell.
    struct Chapter: Equatable {
        var changes: [ClusterChange] = []
        /// Reason why nothing can be seen now, once for each.
        var trouble: String?
        /// True once the cluster is gone.
        var isOver = false
    }

    private let cluster: String
    private var last: Observation
    private var trouble: String?

    /// - Parameter first: what is known before the first look.
    init(of cluster: String, from first: Observation) { (self.cluster, last) = (cluster, first) }

    /// Takes a look; of what it did not find out, the last one that did stays.
    mutating func take(_ look: HostLook) -> Chapter {
        defer { trouble = look.trouble }
        // What is shown then is the past.
        guard look.trouble == nil else { return Chapter(trouble: look.trouble == trouble ? nil : look.trouble) }
        let one = look.clusters[cluster]
        let seen = Observation(
            provider: one?.observation.provider ?? ProviderObservation(),
            etcd: one.map { $0.isAsked ? $0.observation.etcd : last.etcd } ?? nil,
            fleet: one?.observation.fleet ?? last.fleet,
        )
        defer { last = seen }
        return Chapter(
            changes: seen.changes(since: last, in: cluster),
            isOver: !StatusReport(seen, cluster: cluster).exists,
        )
    }
}
