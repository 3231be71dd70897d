import Foundation
import Planning
import Subprocess
import SystemPackage
import TestKit
import Testing
import TopologyModel
import Workspace

@testable import SlipwayCommands

/// What Prometheus and Grafana are given, judged by Prometheus' own checker.
@Suite struct MonitoringTests {
    private static let monitoring = "\(Checkout.path)/Sources/Documentation/monitoring"

    private static let alertTests = "\(Checkout.path)/Tests/Cluster/SlipwayCommandsTests/Alerts"

    private static func metrics() throws -> String {
        try String(contentsOf: Golden.directory().appending(path: "metrics.txt"), encoding: .utf8)
    }

    private struct Refusal: Error, CustomStringConvertible { var description: String }

    /// `promtool` as Scripts/test unpacks it: its package, installed, would start a server.
    private func promtool(
        _ arguments: [String],
        file text: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try #require(
            FileManager.default.fileExists(atPath: Promtool.path),
            "run: Scripts/test unit",
            sourceLocation: sourceLocation
        )
        try await TemporaryDirectory.with { directory in
            let file = "\(directory)/input.yml"
            if let text { try text.write(toFile: file, atomically: false, encoding: .utf8) }
            let result = try await run(
                .path(FilePath(Promtool.path)),
                arguments: Arguments(arguments + (text == nil ? [] : [file])),
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20),
            )
            guard result.terminationStatus.isSuccess else {
                throw Refusal(description: result.standardOutput + result.standardError)
            }
        }
    }

    private func nodes(tls: Bool) throws -> [ObservedNode] {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            fleet: FleetSettings(tcp: true),
            roles: [Role(name: "central", count: 1, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        return plan.nodes.map { node in
            var node = ObservedNode(node, phase: .ready)
            node.etcdTLS = tls
            return node
        }
    }

    /// With certificates, and beside a dashboard that runs; and without either.
    @Test(arguments: [false, true])
    func theScrapeConfigurationIsValid(tls: Bool) async throws {
        let files = tls ? ClientFiles(directory: "/home/o'hara/certificates/demo") : nil
        var scrape = ScrapeConfiguration(cluster: "demo", nodes: try nodes(tls: tls), files: files)
        scrape.hasDashboard = tls
        try Golden.expect(scrape.text, tls ? "prometheus-tls.yml" : "prometheus.yml")
        try await promtool(["check", "config", "--syntax-only"], file: scrape.text)
    }

    @Test func theAlertsAreValid() async throws {
        try await promtool(["check", "rules", "\(Self.monitoring)/slipway-alerts.yaml"])
    }

    /// An alert fires where it has to, and not where it must not.
    @Test(arguments: ["minutes", "days"])
    func theAlertsFire(_ file: String) async throws {
        try await promtool(["test", "rules", "\(Self.alertTests)/\(file).yml"])
    }

    /// No alert is without a test that it fires, and one that it does not.
    @Test func everyAlertIsTested() throws {
        let rules = try String(contentsOfFile: "\(Self.monitoring)/slipway-alerts.yaml", encoding: .utf8)
        let alerts = Set(rules.matches(of: /- alert: (\w+)/).map { String($0.1) })
        var (firing, quiet): (Set<String>, Set<String>) = ([], [])
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.alertTests)
        #expect(files.sorted() == ["days.yml", "minutes.yml"])
        for file in files {
            let text = try String(contentsOfFile: "\(Self.alertTests)/\(file)", encoding: .utf8)
            for match in text.matches(of: /alertname: (\w+)(, eval_time: \w+, exp_alerts: \[\])?/) {
                if match.2 == nil { firing.insert(String(match.1)) } else { quiet.insert(String(match.1)) }
            }
        }
        #expect(alerts.count >= 14)
        #expect(firing == alerts, "tested: that it fires")
        #expect(quiet == alerts, "tested: that it does not fire")
    }

    /// What each panel of Grafana's asks for is a query, and of a figure that there is.
    @Test func thePanelsAskForFiguresThatThereAre() async throws {
        struct Board: Decodable {
            struct Panel: Decodable { var title: String, targets: [Target] }
            struct Target: Decodable { var expr: String }
            var panels: [Panel]
        }
        let data = try Data(contentsOf: URL(filePath: "\(Self.monitoring)/slipway-grafana.json"))
        let board = try JSONDecoder().decode(Board.self, from: data)
        let queries = board.panels.flatMap { $0.targets.map(\.expr) }
        #expect(queries.count >= 14)
        let records = queries.enumerated().map { index, query in
            "  - {record: 'panel_\(index)', expr: '\(query.replacing("'", with: "''"))'}\n"
        }
        try await promtool(["check", "rules"], file: "groups:\n- name: panels\n  rules:\n" + records.joined())
        let printed = try Self.metrics()
        let page = try String(contentsOfFile: "\(Checkout.path)/Sources/Documentation/hosts.md", encoding: .utf8)
        let alerts = try String(contentsOfFile: "\(Self.monitoring)/slipway-alerts.yaml", encoding: .utf8)
        for name in Set((queries.joined() + alerts).matches(of: /slipway_[a-z_]+/).map { String($0.output) }) {
            #expect(printed.contains("# TYPE \(name) "), "\(name) is printed by slipway metrics")
            #expect(page.contains("`\(name)"), "\(name) is in hosts.md")
        }
    }

    @Test func theFiguresAreWhatPrometheusTakes() async throws {
        try await Promtool.check(metrics: try Self.metrics())
    }
}
