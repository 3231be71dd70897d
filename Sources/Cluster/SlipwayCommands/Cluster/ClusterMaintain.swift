import ArgumentParser
import Basics
import Etcd
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct ClusterMaintain: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintain",
        abstract: "Make room in etcd: forget old revisions, defragment each member, take back alarms about space.",
        discussion: """
            etcd keeps every value that a key ever had until it is compacted, and its database never shrinks by itself. At \
            its quota (2 GiB) it raises the alarm NOSPACE and takes no more writes, which `status` shows.

            A member answers no requests while it is defragmented: one follows after the other, the leader last, each caught up \
            before the next, and only while all others are well. The last --keep revisions stay: whoever watches keys from \
            an older one has to read them anew.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(help: ArgumentHelp("How many of the last revisions can still be read afterwards.", valueName: "count"))
    var keep: Int64 = 1000
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard keep >= 0 else { throw ValidationError("--keep cannot be less than 0") }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let (_, seen) = try await StatusReport.observing(name.description, workspace)
        let etcd = try workspace.etcdClient(of: name.description, nodes: seen.provider.nodes(of: name.description))
        let upkeep = EtcdUpkeep(etcd, keeping: keep) { [output] in if !output.json { Output.note($0) } }
        let command = "slipway maintain \(cluster)"
        let report = try await workspace.changing(name, purpose: command, note: Output.note) { _ in
            try await Interrupt.guarding(advice: "Stopped; the same command does what is left.") {
                try await workspace.recording(command, of: name.description, steps: { $0.members.count }) {
                    try await upkeep.run()
                }
            }
        }
        if output.json { try Output.json(Payload(report)) } else { Output.print(Self.text(report)) }
    }

    /// What was done, for people.
    static func text(_ report: EtcdUpkeep.Report) -> String {
        let table = Table(
            "MEMBER",
            "BEFORE",
            "AFTER",
            rows: report.members.map {
                [$0.name, Format.bytes($0.sizeBefore), Format.bytes($0.sizeAfter)]
            },
        )
        var lines: [String] = []
        if let revision = report.compactedTo { lines.append("Keys can be read back to revision \(revision).") }
        if !report.disarmed.isEmpty {
            lines.append("etcd takes writes again; the alarm was of \(report.disarmed.joined(separator: ", ")).")
        }
        return table.format(style: Output.style) + (lines.isEmpty ? "" : "\n" + lines.joined(separator: "\n"))
    }

    private struct Payload: Encodable {
        struct Member: Encodable {
            var name: String
            var bytesBefore: Int64
            var bytesAfter: Int64
        }

        var members: [Member]
        var compactedTo: Int64?
        var disarmed: [String]

        init(_ report: EtcdUpkeep.Report) {
            members = report.members.map {
                Member(name: $0.name, bytesBefore: $0.sizeBefore, bytesAfter: $0.sizeAfter)
            }
            compactedTo = report.compactedTo
            disarmed = report.disarmed
        }
    }
}
