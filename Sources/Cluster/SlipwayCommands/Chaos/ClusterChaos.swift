import ArgumentParser
import Basics
import Chaos
import Diagnostics
import Etcd
import FaultInjection
import FoundationEssentials
import Planning
import Provisioning
import SystemPackage
import Terminal
import TopologyLoading
import TopologyModel
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

struct ClusterChaos: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Break things in a running cluster, undo each, and judge what the cluster makes of it.",
        discussion: """
            Nodes lose their power, freeze, reboot or are cut off, etcd's leader dies, fleetd crashes: as a scenario says, \
            one fault after the other, each undone after a while. Meanwhile etcd is read and written through every \
            member and proxy, and units are watched. What has to hold: etcd's answers are linearizable, no unit runs \
            twice except where its node was separated from etcd, a launched unit is active again within the machines' \
            TTL and 2 s, no unit is stopped by trouble of etcd, and nothing of the faults remains. Never more than a \
            minority of members is taken.

            The first violation ends the run, with the faults around it; exit code 1. Ctrl-C undoes what is being done \
            and judges what was seen. A run that is killed is undone by a second process that watches it; where that is \
            killed as well, by --heal and by the next `up`. A restart of the host's libvirt happens only where a scenario asks for it.

              slipway chaos dev-test                                   10 minutes of everything
              slipway chaos dev-test --scenario split-brain --for 2m   cut off nodes and groups
              slipway chaos dev-test --once                            each kind of fault, once
              slipway chaos dev-test --seed 7                          the choice of an earlier run
              slipway chaos dev-test --heal                            undo what a killed run left
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(
        help: ArgumentHelp("File with faults, limits and times, or name of one that is shipped.", valueName: "file")
    )
    var scenario: String?
    @Option(name: .customLong("for"), help: ArgumentHelp("Time in which faults begin.", valueName: "time"))
    var limit: DurationArgument = DurationArgument(.seconds(600))
    @Flag(help: "End before that time, once each fault of the scenario has been that is possible here.")
    var once = false
    @Option(help: ArgumentHelp("Number that decides the choice of faults (default: a new one).", valueName: "number"))
    var seed: UInt64?
    @Option(help: ArgumentHelp("Also write the verdict as JUnit XML.", valueName: "file"))
    var junit: String?
    @Flag(help: "Undo what a run left that was killed, and do nothing else.")
    var heal = false
    @Flag(name: .customLong("guard"), help: .hidden)
    var isGuard = false
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        guard limit.duration > .zero else { throw ValidationError("--for must be more than nothing") }
        if heal, scenario != nil || seed != nil || junit != nil || once {
            throw ValidationError("--heal takes no --scenario, --once, --seed or --junit")
        }
    }

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let scenario = try loadScenario()
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        if heal { return try await undo(name, workspace) }
        if isGuard { return try await ChaosHealing.watch(name, workspace) }
        let command = "slipway chaos \(cluster)"
        let verdict = try await workspace.changing(name, purpose: command, note: Output.note) { lease in
            try await perform(name, scenario, workspace) { try await lease.check() }
        }
        let complaint = await workspace.record(
            command,
            verdict.wasStopped ? .stopped : verdict.holds ? .done : .failed,
            steps: verdict.timeline.spans.count,
            took: verdict.took,
            of: name.description,
        )
        if let complaint { Output.note("The cluster's history does not have this: \(complaint)") }
        let report = ChaosReport(verdict)
        if let junit { try Data(report.junit.xml().utf8).write(to: URL(filePath: junit), options: .atomic) }
        if output.json { try Output.json(report) } else { Output.print(report.text(style: Output.style)) }
        if !verdict.holds { throw ExitCode.failure }
        if verdict.wasStopped { throw ToldFailure("Stopped; everything is undone.", code: ExitCode(130)) }
    }

    private func loadScenario() throws -> Scenario {
        guard let scenario else { return .standard }
        let isName = !scenario.contains("/") && !scenario.hasSuffix(".yaml") && scenario != "-"
        let path = isName ? ClusterArgument.shipped("chaos/\(scenario)") ?? scenario : scenario
        let loaded = LoadedScenario(try Diagnosing.text(at: path), file: DiskFiles.name(of: path))
        return try Diagnosing.showing(loaded.sources) { try loaded.checked() }
    }

    private func perform(
        _ name: ClusterName,
        _ scenario: Scenario,
        _ workspace: HostWorkspace,
        _ check: @escaping @Sendable () async throws -> Void,
    ) async throws -> Verdict {
        let nodes = try await ChaosHealing.nodes(of: name, workspace)
        let healed = try await ChaosHealing.healAll(name, nodes: nodes, workspace)
        if let healed { Output.note(healed) }
        let unknown = scenario.unknownTargets(roles: Set(nodes.map(\.role)), nodes: Set(nodes.map(\.name)))
        guard unknown.isEmpty else {
            throw UserError(
                "scenario \(scenario.name) asks for what cluster '\(name)' does not have: \(unknown.joined(separator: ", "))"
            )
        }
        let targets = nodes.map { ClusterView.Node($0.name, role: $0.role, isVM: $0.runtime == .vm) }
        if let refusal = scenario.refusal(nodes: targets) { throw UserError("scenario \(scenario.name): \(refusal)") }
        if scenario.touchesHost, let obstacle = try await LibvirtDaemons(uri: workspace.uri).obstacle() {
            throw UserError("scenario \(scenario.name) asks for a restart of libvirt, which cannot be: \(obstacle)")
        }
        let seed = seed ?? UInt64.random(in: 0...999_999)
        if !confirm.yes {
            let question =
                "This breaks things in cluster '\(name)' for \(Format.duration(limit.duration)) (scenario \(scenario.name), "
                + "seed \(seed)), and undoes each."
                + (scenario.touchesHost ? " The host's libvirt is restarted, which all clusters on it use." : "")
            guard try await Question.isConfirmed(question) else { throw ToldFailure("Nothing was changed.") }
        }
        let settings = ChaosRun.Settings(
            scenario: scenario,
            seed: seed,
            limit: limit.duration,
            isOnce: once,
            holder: "slipway chaos \(cluster), process \(getpid())"
        )
        if !output.json {
            Output.note("Scenario \(scenario.name), seed \(seed), \(Format.duration(limit.duration)).")
        }
        let printer = ChaosPrinter(isLive: Output.errorIsTerminal && !output.json, isSilent: output.json)
        let run = try ChaosHealing.run(settings, name, nodes: nodes, workspace, check: check, say: printer.take)
        return try await Interrupt.guarding(advice: "Stopped; nothing is broken.") {
            let words = ["chaos", name.description, "--guard", "--connect", workspace.uri]
            let watched = try await GuardProcess.watching(words, refusal: "nothing is broken") {
                try await printer.during { try await run.run() }
            }
            if let trouble = watched.trouble { Output.note("The process that would have undone the run \(trouble).") }
            return watched.result
        }
    }

    private func undo(_ name: ClusterName, _ workspace: HostWorkspace) async throws {
        let purpose = "slipway chaos \(cluster) --heal"
        let healed = try await workspace.changing(name, purpose: purpose, note: Output.note) { _ in
            try await Interrupt.guarding(advice: "Stopped; the same command goes on.") {
                let nodes = try await ChaosHealing.nodes(of: name, workspace)
                return try await ChaosHealing.healAll(name, nodes: nodes, workspace)
            }
        }
        let text = healed ?? "Nothing is left of a chaos run in cluster '\(name)'."
        if output.json { try Output.json(["healed": healed == nil ? "" : text]) } else { Output.print(text) }
    }
}

/// A duration on the command line: `90s`, `10m`.
struct DurationArgument: ExpressibleByArgument {
    var duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let seconds = GoDuration.seconds(argument) else { return nil }
        duration = .seconds(seconds)
    }

    var defaultValueDescription: String { "10m" }
}
