import ArgumentParser
import Basics
import Diagnostics
import FoundationEssentials
import Graphs
import Planning
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterPlan: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what `up` would do, and why; changes nothing.",
        discussion: """
            Exit code 0: nothing to do. 2: there are changes. 1: an error.

            --record FILE also writes what the plan was made from, without any key. --offline --observed FILE makes a \
            plan from that, on any host and without libvirt: to look into it later, or for a bug report. --offline alone \
            plans for a host that has nothing yet.

            --graph draws the steps and what each needs to be done before, those that can begin together side by side: \
            slipway plan FILE --graph --format svg -o plan.svg
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Flag(name: .customLong("rotate-certs"), help: "What `up --rotate-certs` would do.")
    var rotatesCertificates = false
    @Flag(help: "Plan from --observed, or for a host that has nothing yet, and look at nothing here.")
    var offline = false
    @Option(help: ArgumentHelp("With --offline: what another plan was made from.", valueName: "file"))
    var observed: String?
    @Option(help: ArgumentHelp("Also write what the plan was made from, for --observed.", valueName: "file"))
    var record: String?
    @Flag(name: .customLong("graph"), help: "Draw the steps and their needs.")
    var draws = false
    @OptionGroup var graph: GraphOptions
    @OptionGroup var replace: ReplaceOption
    @OptionGroup var runtimes: RuntimeOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard observed == nil || offline else { throw ValidationError("--observed goes with --offline") }
        guard draws || (graph.format == .text && graph.target.file == nil) else {
            throw ValidationError("--format and --output go with --graph")
        }
        guard !draws || !output.json else { throw ValidationError("--graph does not go with --json") }
        guard record == nil || !offline else { throw ValidationError("--record does not go with --offline") }
    }

    func run() async throws {
        let (topology, sources) = try Diagnosing.topology(ClusterArgument(cluster), runtimes)
        let plan = try await Diagnosing.showing(sources) { try await planned(topology) }
        Diagnosing.show(plan.warnings, sources: sources)
        if draws {
            try graph.write(Graph(plan) { StepTitle($0).text })
        } else if output.json {
            try Output.json(PlanPayload(plan))
        } else {
            Output.print(PlanText(plan: plan, style: Output.style).text())
        }
        if !plan.isEmpty { throw ExitCode(2) }
    }

    private func planned(_ topology: Topology) async throws -> Plan {
        guard !offline else {
            return try offlineRecord(topology)
                .plan(
                    topology,
                    renewsCertificates: rotatesCertificates,
                    replaced: Set(replace.names),
                    rendering: rendering,
                )
        }
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        var resolved = try await workspace.resolve(
            topology,
            renewsCertificates: rotatesCertificates,
            progress: Output.note,
        )
        if let record {
            let seen = try PlanRecord(of: topology, inputs: resolved.inputs, observed: resolved.observed)
            try AtomicFile.write(try seen.json(), to: record, mode: 0o644)
        }
        resolved.inputs.replaced = Set(replace.names)
        resolved.inputs.rendering = rendering
        let plan = try Planner(topology: topology, inputs: resolved.inputs).plan(from: resolved.observed)
        // What `up` would refuse is no plan.
        try workspace.checkRights(to: plan, of: resolved.observed.provider.nodes)
        return plan
    }

    /// As JSON, each node is shown with the digest of its configuration.
    private var rendering: NodeRendering { output.json ? .all : .existing }

    private func offlineRecord(_ topology: Topology) throws -> PlanRecord {
        guard let observed else { return PlanRecord(of: topology, time: Int64(Date().timeIntervalSince1970)) }
        return try PlanRecord(json: Diagnosing.text(at: observed).utf8, file: observed)
    }
}
