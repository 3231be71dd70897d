import Foundation
import TestKit
import Testing

/// A Prometheus of this host that scrapes a cluster's nodes and the dashboard, with the alerts that come with Slipway.
///
/// Scripts/test unpacks the program: its package, installed, would start it on every host of a developer.
final class Prometheus {
    private let port: Int
    private let process: GuardedProcess

    /// Starts it.
    ///
    /// - Parameters:
    ///   - cluster: a cluster that is up.
    ///   - dashboard: port of a dashboard of it on loopback, and the file with its token.
    init(_ cluster: TestCluster, dashboard: (port: Int, token: String)) async throws {
        port = try Loopback.freePorts(1)[0]
        let own = try await Program.slipway(["env", cluster.file, "--prometheus"]).expecting(0).output
        let directory = "\(cluster.directory)/prometheus"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let configuration = """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["\(Program.checkout)/Sources/Documentation/monitoring/slipway-alerts.yaml"]
            \(own)
              - job_name: slipway
                authorization: {credentials_file: "\(dashboard.token)"}
                static_configs: [{targets: ["127.0.0.1:\(dashboard.port)"]}]

            """
        try configuration.write(toFile: "\(directory)/prometheus.yml", atomically: false, encoding: .utf8)
        process = try GuardedProcess(
            [
                "\(Program.checkout)/.build/checkers/usr/bin/prometheus", "--config.file=\(directory)/prometheus.yml",
                "--storage.tsdb.path=\(directory)/data", "--web.listen-address=127.0.0.1:\(port)",
            ],
            log: "\(directory)/log",
        )
    }

    private struct Answer: Decodable {
        struct Data: Decodable { var result: [Sample] }
        struct Sample: Decodable { var metric: [String: String] }

        var data: Data
    }

    /// Labels of the series that a query finds now; nil while Prometheus does not answer.
    func labels(of query: String) async -> [[String: String]]? {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "_.")
        guard let text = query.addingPercentEncoding(withAllowedCharacters: allowed),
            let answer = await Loopback.http(port: port, path: "/api/v1/query?query=\(text)"), answer.status == 200,
            let found = try? JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8))
        else { return nil }
        return found.data.result.map(\.metric)
    }

    /// Waits until a query finds so many series.
    func finds(_ count: Int, of query: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually(within: limit, "\(query) has \(count) series; log: \(process.logTail())") {
            await self.labels(of: query)?.count == count
        }
    }
}
