import ArgumentParser
import Basics
import Diagnostics
import Planning
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterScale: JSONCommand {
    static let printsEvents = true
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Give roles other numbers of nodes, and bring the cluster there.",
        discussion: """
            Nodes that go leave fleet (and etcd) first, so that their units run elsewhere before the node is \
            destroyed. The file stays as it is, and the next `up` goes back to it, unless --write records the new \
            numbers there.
              slipway scale Topologies/production.yaml worker=6 --write
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Argument(help: ArgumentHelp("New counts, as role=N.", valueName: "role=N"))
    var counts: [String]
    @Flag(help: "Also record the counts in the file; everything else in it stays as it is.")
    var write = false
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var boots: BootOptions
    @OptionGroup var timeline: TimelineOption
    @OptionGroup var stop: StopOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        guard !write || !DiskFiles.isReadOnce(cluster) else {
            throw ValidationError("--write needs a file, and \(cluster) can only be read")
        }
    }

    func run() async throws {
        let argument = ClusterArgument(cluster)
        let path = try argument.path()
        let text = try Diagnosing.text(at: path)
        var edited = text
        for (role, count) in try parsedCounts() {
            edited = try TopologyEditing.setCount(role: role, to: count, in: edited, file: DiskFiles.name(of: path))
        }
        let loaded = TopologyLoader().load(edited, file: DiskFiles.name(of: path))
        Diagnosing.show(loaded.diagnostics, sources: loaded.sources)
        guard let asWritten = loaded.topology, !loaded.diagnostics.hasErrors else {
            throw ToldFailure(loaded.diagnostics)
        }
        let topology = try Diagnosing.showing(loaded.sources) { try runtimes.applied(to: asWritten) }
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let words = (["slipway scale", cluster] + counts).joined(separator: " ")
        let recorder = timeline.recorder(title: words)
        let command = ChangeCommand(
            line: words + runtimes.words,
            json: output.json,
            yes: confirm.yes,
            patience: stop.patience,
            mostBoots: boots.most,
            timeline: recorder,
        )
        let plan = try await recorder.recording {
            try await Diagnosing.showing(loaded.sources) {
                try await PlanRunner(workspace: workspace, command: command).converge(topology, sources: loaded.sources)
            }
        }
        if write, edited != text {
            try AtomicFile.rewrite(edited, at: path)
            Output.note("Recorded in \(path).")
        }
        guard !output.json, !plan.isEmpty else { return }
        try await ClusterStatus.print(cluster: topology.name, workspace: workspace)
    }

    private func parsedCounts() throws -> [(role: String, count: Int)] {
        guard !counts.isEmpty else { throw UserError("say which role gets how many nodes: role=N") }
        return try counts.map { word in
            let parts = word.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let count = Int(parts[1]) else {
                throw UserError("'\(word)' is not of the form role=N")
            }
            guard parts[1].allSatisfy(\.isNumber) else {
                throw UserError("'\(word)': say how many nodes there shall be, as role=N without a sign")
            }
            return (String(parts[0]), count)
        }
    }
}
