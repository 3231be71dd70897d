import Planning
import TopologyModel
import Workspace

/// Prometheus' configuration by which it reads the figures of a cluster's nodes.
/// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
struct ScrapeConfiguration {
    var cluster: String
    /// The cluster's nodes.
    var nodes: [ObservedNode]
    /// Certificate, key and authority for a cluster that asks for them; nil for others.
    var files: ClientFiles?
    /// Whether a dashboard of this host listens where it does unless told otherwise.
    var hasDashboard = false

    /// Port on which the dashboard listens, unless told otherwise.
    static let dashboardPort = 8090
    /// Port on which members serve clients, and their figures.
    private static let etcdPort = 2379
    /// Port of fleet's API, where the topology opens it.
    private static let fleetPort = 49_153

    /// The configuration in YAML, whole enough to be used alone.
    var text: String {
        let etcd = nodes.filter { $0.etcd == .member }.map { Target($0, port: Self.etcdPort) }
        let fleet = nodes.filter { $0.fleet == .tcp }.map { Target($0, port: Self.fleetPort) }
        return """
            # The nodes of cluster \(cluster) as they are now, by: slipway env \(cluster) --prometheus
            scrape_configs:

            """ + job("etcd", etcd, tls: nodes.contains { $0.etcd == .member && $0.etcdTLS })
                + job("fleet", fleet, tls: nodes.contains { $0.fleet == .tcp && $0.etcdTLS }) + dashboard
    }

    /// The job of the dashboard, which has the figures of `slipway metrics` of all clusters; a comment where there is none.
    private var dashboard: String {
        let job = """
              - job_name: slipway
                authorization: {credentials_file: /etc/prometheus/slipway-token}
                static_configs: [{targets: ["127.0.0.1:\(Self.dashboardPort)"]}]

            """
        let head = """
              # All clusters of this host in figures, once: slipway dashboard --token-file /etc/prometheus/slipway-token

            """
        guard !hasDashboard else { return head + job }
        return head + job.split(separator: "\n").map { "  # \($0.dropFirst(2))\n" }.joined()
    }

    private struct Target {
        var node: String
        var role: String
        var endpoint: String?

        init(_ node: ObservedNode, port: Int) {
            (self.node, role) = (node.name, node.role)
            endpoint = node.address.map { "\($0):\(port)" }
        }
    }

    private func job(_ name: String, _ targets: [Target], tls: Bool) -> String {
        guard !targets.isEmpty else { return "" }
        var text = "  - job_name: \"\(cluster)-\(name)\"\n"
        if tls, let files {
            text += "    scheme: https\n    tls_config:\n      ca_file: \(Self.quoted(files.authority))\n"
            text += "      cert_file: \(Self.quoted(files.certificate))\n      key_file: \(Self.quoted(files.key))\n"
        }
        text += "    static_configs:\n"
        for target in targets {
            guard let endpoint = target.endpoint else { continue }
            text += "      - targets: [\"\(endpoint)\"]\n"
            text += "        labels: {cluster: \"\(cluster)\", node: \"\(target.node)\", role: \"\(target.role)\"}\n"
        }
        return text
    }

    /// A path as YAML's single-quoted scalar.
    private static func quoted(_ path: String) -> String { "'\(path.replacing("'", with: "''"))'" }
}
