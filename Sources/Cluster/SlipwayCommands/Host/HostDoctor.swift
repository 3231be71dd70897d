import ArgumentParser
import FoundationEssentials
import Planning
import Provisioning
import SystemPackage
import Terminal
import TopologyModel
import Workspace

struct HostDoctor: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this host lacks, and the command that fixes it.",
        discussion: """
            Exit code 1 when something is missing without which `up` cannot work. Features are named with what \
            keeps them from working here. --fix runs the commands that are safe to run, after asking, and looks \
            again; what takes a decision (another program on port 53, the version of cgroups) stays advice.
            """,
    )

    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    @Flag(help: "Run the commands that fix what was found, after asking.")
    var fix = false

    @Flag(name: [.long, .customShort("y")], help: "Do not ask before --fix runs commands.")
    var yes = false

    func validate() throws {
        if yes, !fix { throw ValidationError("--yes goes with --fix") }
        if output.json, fix, !yes { throw ValidationError("--json with --fix needs --yes") }
    }

    func run() async throws {
        var findings = await check()
        let repair = HostFix(findings)
        if fix, !repair.commands.isEmpty {
            if !yes {
                Output.print(text(findings))
                guard try await Question.isConfirmed(repair.question) else {
                    Output.note("Nothing was changed.")
                    throw ExitCode.failure
                }
            }
            for command in await repair.run() { Output.note("failed: \(command)") }
            findings = await check()
        }
        if output.json { try Output.json(findings) } else { Output.print(text(findings)) }
        if findings.contains(where: { $0.kind == .check && $0.level == .missing }) { throw ExitCode.failure }
    }

    func check() async -> [HostFinding] {
        let (findings, _) = await Self.findings(uri: connect.uri, facts: HostFacts.read())
        return findings + HostFeatures.findings(findings)
    }

    /// Findings on this host, and what there is in libvirt where it answers.
    static func findings(uri: String, facts: HostFacts) async -> ([HostFinding], ProviderObservation?) {
        let libvirt = await HostLibvirt.read(uri: uri, facts: facts)
        var findings = HostFinding.ofThisHost(facts) + libvirt.findings
        // The bridges that can be seen are this host's, whatever host libvirt is on.
        if let seen = libvirt.seen, uri.contains(":///") {
            findings.append(HostChecks.bridges(facts.interfaces, networks: seen.networks))
        }
        findings.append(image())
        findings += ChaosHealing.findings()
        return (findings, libvirt.seen)
    }

    private func text(_ findings: [HostFinding]) -> String {
        let style = Output.style
        let tables = [HostFinding.Kind.check, .feature].map { kind in
            let rows = findings.filter { $0.kind == kind }.map { finding in
                let mark =
                    switch finding.level {
                    case .ok: style.paint("ok", .green)
                    case .warning: style.paint("warn", .yellow)
                    case .missing: style.paint(kind == .check ? "MISSING" : "no", .red)
                    }
                return [mark, finding.what, finding.detail]
            }
            return Table("", "WHAT", "FOUND", rows: rows).format(header: false, style: style)
        }
        let remedies = findings.compactMap { finding in finding.remedy.map { "  \(finding.what): \($0)" } }
        let isFixable = findings.contains { $0.level != .ok && !$0.fix.isEmpty }
        let hint = isFixable && !fix ? " (`slipway doctor --fix` runs those that begin with sudo)" : ""
        let advice = remedies.isEmpty ? "" : "\nTo fix it\(hint):\n" + remedies.joined(separator: "\n") + "\n"
        return "\(tables[0])\nWhat works here:\n\(tables[1])\(advice)"
    }

    // MARK: Checks

    private static func image() -> HostFinding {
        do {
            let images = try StoredImages(home: SlipwayHome.path())
            let digests = try images.current()
            let name = "\(digests.root.prefix(12))/\(digests.layer.prefix(12))"
            return images.isPresent(digests)
                ? HostFinding(what: "node image", level: .ok, detail: name)
                : HostFinding(
                    what: "node image",
                    level: .warning,
                    detail: "\(name) is not made yet",
                    fix: ["\(CommandLine.arguments.first ?? "slipway") image build"]
                )
        } catch {
            return HostFinding(
                what: "node image",
                level: .missing,
                detail: "\(error)".split(separator: "\n").first.map(String.init) ?? "",
                remedy: "swift build -c release --static-swift-stdlib",
            )
        }
    }
}
