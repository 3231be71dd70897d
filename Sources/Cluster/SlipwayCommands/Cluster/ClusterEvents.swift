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
            units that are placed, start, fail and move. The cluster is looked at every second until Ctrl-C, until --for is \
            over, or until it is gone. What fleet decides and why is told in more detail on a node: fleetctl events -f.

            --json prints an object a line: time (RFC 3339), subject (network, node, etcd, machine, unit), name, node of a \
            unit, text, is_trouble.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(name: .customLong("for"), help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
    var seconds: Int?
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    /// Time between two looks.
    private static let pause = Duration.seconds(1)

    func validate() throws {
        guard seconds ?? 1 >= 1 else { throw ValidationError("--for is at least 1") }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName().description
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let (report, first) = try await StatusReport.observing(name, workspace)
        if !output.json { Output.note("Watching cluster \(name): \(Self.summary(report)). Ctrl-C ends it.") }
        let end = seconds.map { ContinuousClock.now + .seconds($0) }
        try await Interrupt.guarding(advice: "") {
            var last = first
            while end.map({ .now < $0 }) ?? true {
                try await Task.sleep(for: Self.pause)
                let seen: Observation
                do {
                    seen = try await workspace.observer(of: name).observe(name)
                } catch let error where !(error is CancellationError) {
                    // libvirt that is started anew is back a moment later.
                    Output.note("the cluster cannot be looked at: \(error)")
                    continue
                }
                for change in seen.changes(since: last, in: name) { try show(change) }
                // What a look did not find out is what it was.
                last = Observation(provider: seen.provider, etcd: seen.etcd, fleet: seen.fleet ?? last.fleet)
                guard StatusReport(seen, cluster: name).exists else { return Output.note("Cluster \(name) is gone.") }
            }
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
