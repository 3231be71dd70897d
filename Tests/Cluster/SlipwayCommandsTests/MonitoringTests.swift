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

    private static func metrics() throws -> String {
        try String(contentsOf: Golden.directory().appending(path: "metrics.txt"), encoding: .utf8)
    }

    private struct Refusal: Error, CustomStringConvertible { var description: String }

    /// `promtool` as Scripts/test unpacks it: its package, installed, would start a server.
    private func promtool(_ arguments: [String], file text: String? = nil) async throws {
        let program = "\(Checkout.path)/.build/checkers/usr/bin/promtool"
        try #require(FileManager.default.fileExists(atPath: program), "run: Scripts/test unit")
        try await TemporaryDirectory.with { directory in
            let file = "\(directory)/input.yml"
            if let text { try text.write(toFile: file, atomically: false, encoding: .utf8) }
            let result = try await run(
                .path(FilePath(program)),
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

    @Test(arguments: [false, true])
    func theScrapeConfigurationIsValid(tls: Bool) async throws {
        let files = tls ? ClientFiles(directory: "/home/o'hara/certificates/demo") : nil
        let text = ScrapeConfiguration(cluster: "demo", nodes: try nodes(tls: tls), files: files).text
        try Golden.expect(text, tls ? "prometheus-tls.yml" : "prometheus.yml")
        try await promtool(["check", "config", "--syntax-only"], file: text)
    }

    @Test func theAlertsAreValid() async throws {
        try await promtool(["check", "rules", "\(Self.monitoring)/slipway-alerts.yaml"])
    }

    /// Each alert and the series that it is for; those beside them are well.
    @Test(arguments: [
        ("SlipwayEtcdWithoutQuorum", #"slipway_etcd_quorum{cluster="c"}"#, "0"),
        ("SlipwayEtcdMemberDown", #"slipway_etcd_member_up{cluster="c",member="m"}"#, "0"),
        ("SlipwayEtcdWithoutLeader", #"slipway_etcd_member_leader{cluster="c",member="m"}"#, "0"),
        ("SlipwayNodeUnwell", #"slipway_node_well{cluster="c",node="n",role="r",runtime="vm"}"#, "0"),
        ("SlipwayUnitUnwell", #"slipway_fleet_unit_well{cluster="c",unit="u",wanted="launched"}"#, "0"),
        ("SlipwayUnitsUnplaced", #"fleet_engine_unplaced_units{cluster="c",node="n"}"#, "2"),
        ("SlipwayCertificateEnds", #"slipway_certificate_not_after_seconds{cluster="c",node="n"}"#, "90000"),
        ("SlipwayRebootLockHeld", #"slipway_reboot_lock_holders{cluster="c"}"#, "1"),
    ])
    func theAlertFires(_ alert: String, _ series: String, _ value: String) async throws {
        // Time begins at 0, so a certificate that ends at 90000 has a day left.
        try await promtool(
            ["test", "rules"],
            file: """
                rule_files: ["\(Self.monitoring)/slipway-alerts.yaml"]
                evaluation_interval: 10s
                tests:
                  - interval: 10s
                    input_series:
                      - {series: '\(series)', values: '\(value)x400'}
                      - {series: 'slipway_reboot_lock_max{cluster="c"}', values: '1x400'}
                      - {series: 'slipway_backup_timestamp_seconds{cluster="c"}', values: '0x400'}
                    promql_expr_test:
                      - expr: 'count(ALERTS{alertname="\(alert)",alertstate="firing"})'
                        eval_time: 1h
                        exp_samples: [{value: 1}]
                      - expr: 'count(ALERTS{alertname!="\(alert)",alertstate="firing"})'
                        eval_time: 1h
                        exp_samples: []
                """
        )
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
        let program = "\(Checkout.path)/.build/checkers/usr/bin/promtool"
        let result = try await run(
            .path(FilePath(program)),
            arguments: ["check", "metrics"],
            input: .string(try Self.metrics()),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20),
        )
        #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)\(result.standardError)")
    }
}
