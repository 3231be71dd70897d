import ArgumentParser
import Diagnostics
import Planning
import Provisioning
import SmokeTests
import Terminal
import TestKit
import Testing
import TopologyLoading
import Workspace

@testable import SlipwayCommands

/// What commands print for people, and with `--json` for programs.
@Suite struct OutputGoldenTests {
    private let fixture = TextTests()

    private func expect(_ name: String, text: String, json: some Encodable) throws {
        try Golden.expect(text, "output/\(name).txt")
        try Golden.expect(try JSONText.pretty(json) + "\n", "output/\(name).json")
    }

    // MARK: Plans

    @Test(arguments: ["laptop", "dev-test", "production"])
    func plan(name: String) throws {
        let topology = try TopologyLoader().load(path: Checkout.topology(name)).checked()
        let nothing = Observation(provider: ProviderObservation())
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: nothing)
        try expect("plan-\(name)", text: PlanText(plan: plan, style: .plain).text(), json: PlanPayload(plan))
    }

    @Test func nothingToDo() throws {
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: [])
        try expect("plan-nothing", text: PlanText(plan: plan, style: .plain).text(), json: PlanPayload(plan))
    }

    @Test func down() throws {
        let plan = try Planner.tearDown("demo", observed: try fixture.seen(state: "active").provider)
        try expect("down", text: PlanText(plan: plan, style: .plain).text(), json: PlanPayload(plan))
    }

    /// The lines that `up --json` prints while it works.
    @Test func events() throws {
        let step = try #require(try fixture.plan(Observation(provider: ProviderObservation())).steps.first)
        let events: [Event] = [
            .started(step), .progress(step: step.id, text: "unpacking"), .finished(step, took: .milliseconds(1500)),
            .failed(step, error: ProvisioningError("no room on the disk")), .failed(step, error: CancellationError()),
            .notStarted(step),
        ]
        var lines = try events.map { try JSONText.line(EventPayload($0)) + "\n" }
        lines.append(try JSONText.line(EventPayload(.warning("the host has less memory"))) + "\n")
        lines.append(try JSONText.line(DonePayload([], took: .seconds(0.5))) + "\n")
        try Golden.expect(lines.joined(), "output/events.jsonl")
    }

    /// What programs are told of a failure, as the last event or in the place of a document.
    @Test func failures() throws {
        let place = SourceLocation(file: "a.yaml", line: 3, column: 1)
        let errors: [any Error] = [
            ToldFailure([.warning("odd"), .error("unknown key \"ectd\"", at: place), .error("no roles")]),
            ToldFailure("2 steps failed."), UserError("there is no cluster 'x'"),
        ]
        let commands: [any JSONCommand] = [
            try ClusterUp.parse(["a.yaml", "--json"]), try ClusterStatus.parse(["a", "--json"]),
        ]
        let text = try commands.flatMap { command in
            try errors.compactMap { try FailurePayload($0, of: command)?.text }
        }
        try Golden.expect(text.joined(separator: "\n") + "\n", "output/failures.jsonl")
        #expect(FailurePayload(ExitCode(2), of: commands[1]) == nil)
    }

    // MARK: Clusters

    @Test(arguments: ["active", "failed"])
    func status(state: String) throws {
        let report = StatusReport(try fixture.seen(state: state), cluster: "demo")
        try expect("status-\(state)", text: report.text(style: .plain), json: report)
    }

    /// Of many nodes each role is a line, and each node that is not well.
    @Test func statusOfManyNodes() throws {
        var report = StatusReport(try fixture.seen(state: "active"), cluster: "demo")
        let worker = try #require(report.nodes.last)
        for number in 2...60 {
            var node = worker
            (node.name, node.address) = ("worker-\(number)", "10.9.0.\(131 + number)")
            if number == 38 { (node.state, node.fleet) = ("starting", false) }
            report.nodes.append(node)
            report.units[0].states[node.name] = number == 7 ? "activating" : "active"
        }
        try Golden.expect(report.text(style: .plain), "output/status-many.txt")
        #expect(report.text(style: .plain, all: true).split(separator: "\n").count > 60)
    }

    @Test func list() throws {
        let rows = ClusterList.rows(try fixture.seen(state: "active").provider)
        try Golden.expect(try JSONText.pretty(rows) + "\n", "output/list.json")
    }

    @Test func smoke() throws {
        let results = [
            SmokeResult(name: "members agree", outcome: .passed(note: nil), took: .milliseconds(5)),
            SmokeResult(name: "Docker works", outcome: .passed(note: "not on plain-1"), took: .seconds(2)),
            SmokeResult(name: "proxies serve", outcome: .notApplicable("no node is a proxy"), took: .zero),
            SmokeResult(
                name: "units move",
                outcome: .failed("it still runs on worker-1", evidence: ["worker-1: etcd: no leader"]),
                took: .seconds(61),
            ),
        ]
        let report = SmokeReport(cluster: "demo", results: results)
        try expect("smoke", text: report.text(style: .plain), json: report)
        try Golden.expect(report.junit.xml(), "output/smoke.xml")
    }

    // MARK: The host

    @Test func images() throws {
        var row = ImageList.Row(kind: "root", digest: "r00t", size: 1 << 20, path: "/images/root/r00t", current: true)
        let own = row
        (row.kind, row.digest, row.path, row.current) = ("foreign", "f0r", "/images/foreign/f0r", false)
        (row.names, row.source) = (["debian"], "https://example.org/debian.qcow2")
        try Golden.expect(try JSONText.pretty([own, row]) + "\n", "output/image-list.json")
    }

    @Test func doctor() throws {
        let findings = [
            HostFinding(what: "ssh", level: .ok, detail: "/usr/bin/ssh"),
            HostFinding(
                what: "libvirt",
                level: .missing,
                detail: "no socket",
                remedy: "apt-get install libvirt"
            ),
        ]
        try Golden.expect(try JSONText.pretty(findings) + "\n", "output/doctor.json")
    }

    @Test func validate() throws {
        let mistake = Diagnostic.error("unknown key \"ectd\"", notes: ["did you mean \"etcd\"?"])
        let payload = ClusterValidate.Payload(
            file: "demo.yaml",
            valid: false,
            name: "demo",
            nodes: 2,
            units: 1,
            diagnostics: [mistake],
        )
        try Golden.expect(try JSONText.pretty(payload) + "\n", "output/validate.json")
    }
}
