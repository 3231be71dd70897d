import ArgumentParser
import FoundationEssentials
import Planning
import Provisioning
import SmokeTests
import Terminal
import TopologyModel
import Workspace

struct ClusterSmoke: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoke",
        abstract: "Check that a running cluster works, and put back what that changes.",
        discussion: """
            Writes and reads through every etcd member and proxy, places units, runs a container on every node, and \
            cuts one worker's power to see its unit run elsewhere. Exit code 1, with evidence, when a check fails.
            """,
    )

    @Argument(help: "A topology file, or the name of a cluster.")
    var cluster: String
    @Option(help: ArgumentHelp("Also write the results as JUnit XML.", valueName: "file"))
    var junit: String?
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let name = try ClusterArgument(cluster).clusterName()
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let purpose = "slipway smoke \(cluster)"
        let results = try await workspace.changing(name, purpose: purpose, note: Output.note) { _ in
            try await Interrupt.guarding(advice: "Stopped; what the checks had made is removed.") {
                try await Self.test(name, workspace)
            }
        }
        try report(results, cluster: name.description)
    }

    private static func test(_ name: ClusterName, _ workspace: HostWorkspace) async throws -> [SmokeResult] {
        let nodes = try await workspace.provider.observe().nodes(of: name.description)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(name)'; see: slipway list") }
        _ = try workspace.sshTargets(cluster: name, nodes: nodes)
        let test = SmokeTest(
            executor: try workspace.executor(cluster: name, certificates: nodes.compactMap(\.certificates)) { _ in },
            nodes: nodes,
            id: String(UInt32.random(in: .min ... .max), radix: 36),
        )
        let printer = SmokePrinter(isLive: Output.errorIsTerminal)
        return try await printer.during { try await test.run(progress: printer.take) }
    }

    private func report(_ results: [SmokeResult], cluster: String) throws {
        let report = SmokeReport(cluster: cluster, results: results)
        if let junit { try Data(report.junit.xml().utf8).write(to: URL(filePath: junit), options: .atomic) }
        if output.json { try Output.json(report) } else { Output.print(report.text(style: Output.style)) }
        if results.contains(where: \.isFailure) { throw ExitCode.failure }
    }
}

/// The outcome of a smoke test, for people and programs.
struct SmokeReport: Encodable {
    struct Check: Encodable {
        var name: String
        var outcome: String
        var seconds: Double
        var message: String?
        var evidence: [String]?
    }

    var cluster: String
    var passed: Bool
    var checks: [Check]

    init(cluster: String, results: [SmokeResult]) {
        self.cluster = cluster
        passed = !results.contains(where: \.isFailure)
        checks = results.map { result in
            let seconds = result.took / .seconds(1)
            return switch result.outcome {
            case .passed(let note): Check(name: result.name, outcome: "passed", seconds: seconds, message: note)
            case .notApplicable(let why):
                Check(name: result.name, outcome: "not applicable", seconds: seconds, message: why)
            case .failed(let why, let evidence):
                Check(name: result.name, outcome: "failed", seconds: seconds, message: why, evidence: evidence)
            }
        }
    }

    var junit: JUnitReport {
        let cases = checks.map { check in
            let took = Duration.seconds(check.seconds)
            let outcome: JUnitReport.Outcome =
                switch check.outcome {
                case "failed":
                    .failed(message: check.message ?? "", evidence: (check.evidence ?? []).joined(separator: "\n"))
                case "passed": .passed
                default: .skipped(reason: check.message ?? "")
                }
            return JUnitReport.Case(check.name, took: took, outcome: outcome)
        }
        return JUnitReport("slipway smoke", suites: [JUnitReport.Suite(cluster, cases: cases)])
    }

    func text(style: Style) -> String {
        let table = Table(
            "",
            "CHECK",
            "TOOK",
            rows: checks.map { [mark($0, style), $0.name, Format.duration(.seconds($0.seconds))] },
        )
        let notes = checks.filter { $0.outcome != "failed" }.compactMap { check in
            check.message.map { "\(check.name): \($0)\n" }
        }
        let failures = checks.filter { $0.outcome == "failed" }
        let details = failures.map { check in
            "\n\(style.paint("failed", .red)): \(check.name)\n    \(check.message ?? "")\n"
                + (check.evidence ?? []).map { "    | \($0)\n" }.joined()
        }
        let verdict =
            failures.isEmpty ? "Cluster \(cluster) works." : "\(failures.count) of \(checks.count) checks failed."
        let said = notes.isEmpty ? "" : "\n" + notes.joined()
        return table.format(style: style) + said + details.joined() + "\n" + verdict
    }

    private func mark(_ check: Check, _ style: Style) -> String {
        switch check.outcome {
        case "passed": style.paint("ok", .green)
        case "failed": style.paint("FAIL", .red)
        default: "n/a"
        }
    }
}
