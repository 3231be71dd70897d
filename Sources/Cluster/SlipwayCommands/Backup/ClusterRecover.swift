import ArgumentParser
import Backups
import Basics
import Diagnostics
import FoundationEssentials
import Planning
import Provisioning
import Terminal
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterRecover: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Make etcd whole again that has lost the majority of its members.",
        discussion: """
            Reads what each member still holds, and keeps the best of it as a backup. After asking, the members that are \
            left begin anew with that, together with those that are lost, which are made anew meanwhile. Units \
            run on, and nodes that are no members stay as they are. Refused as long as a majority has its data.

            What a member that is left knew the others to have agreed on is kept; of one whose etcd has ended since, the \
            very last write may be missing. A member whose disk is gone is lost by itself; one that is off, cannot be reached \
            or cannot be read may have what no other has, and has to be brought back, or given up with --lost. Where no \
            member has data, `restore` makes them anew with a backup's; the newest one in backups/CLUSTER of $SLIPWAY_HOME \
            is named.
            """,
    )

    @Argument(help: "The cluster's topology file, or a name for which there is one.")
    var cluster: String
    @Option(
        name: .customLong("lost"),
        help: ArgumentHelp("Give up a member that may still have data; may be repeated.", valueName: "node"),
    )
    var lost: [String] = []
    @Option(help: ArgumentHelp("Where the backup goes (default: CLUSTER-TIME.backup here).", valueName: "file"))
    var backup: String?
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func run() async throws {
        let argument = ClusterArgument(cluster)
        let (name, files) = try BackupCreate.read(try argument.path())
        let (topology, sources) = try Diagnosing.topology(argument, runtimes)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let time = Int64(Date().timeIntervalSince1970)
        let path = backup ?? BackupRetention.fileName(cluster: name.description, time: time)
        let say: @Sendable (String) -> Void = { [output] in if !output.json { Output.note($0) } }
        let salvage = try await Interrupt.guarding(advice: "Stopped; nothing was changed.") { [lost] in
            try await workspace.salvage(name, files, lost: Set(lost), to: path, say: say)
        }
        guard let best = salvage.members.first else { return }
        if !output.json { Output.note(Self.text(salvage)) }

        let change = ChangeCommand(
            line: "slipway recover \(cluster)\(words)",
            json: output.json,
            yes: confirm.yes,
            isLast: false,
            assumedFile: argument.installedFile,
        )
        let survivors = Set(salvage.members.map(\.name))
        let plan = try await workspace.restoring(try BackupFile(at: path), as: topology, say: say) { source in
            var source = source
            source.words = "what \(best.name) held"
            return try await Diagnosing.showing(sources) { [source] in
                try await PlanRunner(workspace: workspace, command: change).restore(
                    topology,
                    source,
                    survivors: survivors,
                    sources: sources
                )
            }
        }
        // The file may ask for more than that the lost ones are made anew, so that this is asked for itself.
        let made = Set(plan.madeNodes)
        let present = try await workspace.provider.observe().nodes(of: topology.name).map(\.name)
        let wanted = topology.roles.flatMap { role in
            (0..<role.count).map { Identity.nodeName(role: role.name, index: $0 + 1) }
        }
        let replaced = Set(salvage.lost).intersection(present + wanted).subtracting(made)
        let rest = "slipway up \(cluster)\(replaced.naturallySorted().map { " --replace \($0)" }.joined())"
        let upAgain = ChangeCommand(
            line: rest,
            json: output.json,
            yes: confirm.yes,
            assumedFile: argument.installedFile,
        )
        _ = try await Diagnosing.showing(sources) {
            try await PlanRunner(workspace: workspace, command: upAgain).converge(
                topology,
                sources: sources,
                replaced: replaced
            )
        }
        guard !output.json else { return }
        try await ClusterStatus.print(cluster: topology.name, workspace: workspace)
    }

    /// The options again, for advice on what to run next.
    private var words: String { lost.map { " --lost \($0)" }.joined() + runtimes.words }

    /// What is left, for people.
    static func text(_ salvage: Salvage) -> String {
        let rows =
            salvage.members.map { [$0.name, "\($0.revision)", "\($0.raftTerm)", "\($0.raftIndex)", "\($0.keys)"] }
            + salvage.lost.map { [$0, "lost, and made anew", "-", "-", "-"] }
        let table = Table("MEMBER", "REVISION", "TERM", "INDEX", "KEYS", rows: rows).format(style: Output.errorStyle)
        let best = salvage.members.first?.name ?? "-"
        let lost = salvage.lost.joined(separator: ", ")
        let then = salvage.lost.isEmpty ? "" : "Etcd begins anew with that, and \(lost) with it.\n"
        return "\n\(table)\nWhat \(best) held is kept in \(salvage.backup.path).\n\(then)"
    }
}
