import Basics
import Etcd
import Planning
import Provisioning
import TopologyModel
import Workspace

/// Figures of a cluster as Prometheus takes them.
struct ClusterFigures {
    let report: StatusReport
    let seen: Observation
    /// Status of the etcd members that answer, by the name of their node.
    let members: [String: MemberStatus]
    /// What etcd says of backups, reboots and commands; nil where it does not answer. It has no default: figures without
    /// it look like a cluster that has no backup.
    let upkeep: UpkeepFacts?

    /// The figures in OpenMetrics' text format. https://prometheus.io/docs/specs/om/open_metrics_spec/
    var text: String { Self.text(of: [self]) }

    /// The figures of a cluster as it is seen now.
    ///
    /// - Parameters:
    ///   - report: what is seen of it.
    ///   - seen: the observation that the report is of.
    static func reading(
        _ report: StatusReport,
        _ seen: Observation,
        _ workspace: HostWorkspace,
    ) async throws -> ClusterFigures {
        let nodes = seen.provider.nodes(of: report.cluster)
        let members = try await workspace.memberStatuses(of: report.cluster, nodes: nodes)
        let upkeep = report.quorum ? await workspace.upkeepFacts(of: report.cluster, nodes: nodes) : nil
        return ClusterFigures(report: report, seen: seen, members: members, upkeep: upkeep)
    }

    /// The figures of several clusters.
    static func text(of clusters: [ClusterFigures]) -> String {
        var text = MetricsText()
        for cluster in clusters {
            cluster.addNodes(to: &text)
            cluster.addEtcd(to: &text)
            cluster.addFleet(to: &text)
            cluster.addCertificates(to: &text)
            cluster.addUpkeep(to: &text)
        }
        return text.lines + "# EOF\n"
    }

    func labels(_ others: [String: String] = [:]) -> [String: String] {
        others.merging(["cluster": report.cluster]) { first, _ in first }
    }

    private func addNodes(to text: inout MetricsText) {
        text.family("slipway_nodes", "gauge", "Nodes by role and state.")
        let groups = Dictionary(grouping: report.nodes) { [$0.role, $0.state] }
        for (key, nodes) in groups.naturallySorted(by: { $0.key.joined(separator: " ") }) {
            text.sample(labels(["role": key[0], "state": key[1]]), nodes.count)
        }
        text.family(
            "slipway_node_well",
            "gauge",
            "1 for a node that is ready, with its etcd healthy and fleet listing it."
        )
        for node in report.nodes {
            let isWell = node.isWell
            text.sample(labels(["node": node.name, "role": node.role, "runtime": node.runtime]), isWell ? 1 : 0)
        }
    }

    private func addEtcd(to text: inout MetricsText) {
        text.family("slipway_etcd_quorum", "gauge", "1 where etcd has a majority.")
        text.sample(labels(), report.quorum ? 1 : 0)
        text.family("slipway_etcd_member_up", "gauge", "1 for a member that answers.")
        for node in seen.provider.nodes(of: report.cluster) where node.etcd == .member {
            text.sample(labels(["member": node.name]), members[node.name] == nil ? 0 : 1)
        }
        let gauges: [(name: String, help: String, value: (MemberStatus) -> Int)] = [
            ("slipway_etcd_member_leader", "1 for the leader.", { $0.leader == $0.member ? 1 : 0 }),
            ("slipway_etcd_raft_term", "Term of the member's last election.", { Int(clamping: $0.raftTerm) }),
            ("slipway_etcd_raft_index", "Index of the member's last log entry.", { Int(clamping: $0.raftIndex) }),
            ("slipway_etcd_revision", "Revision of the member's store.", { Int($0.revision) }),
            ("slipway_etcd_db_size_bytes", "Size of the member's store in bytes.", { Int($0.databaseSize) }),
        ]
        for gauge in gauges {
            text.family(gauge.name, "gauge", gauge.help)
            for (name, status) in members.naturallySorted(by: \.key) {
                text.sample(labels(["member": name]), gauge.value(status))
            }
        }
    }

    private func addFleet(to text: inout MetricsText) {
        if let fleet = seen.fleet {
            text.family("slipway_fleet_machines", "gauge", "Machines that fleet lists.")
            text.sample(labels(), fleet.machines.count)
        }
        text.family("slipway_fleet_unit_well", "gauge", "1 for a unit that is as wanted wherever it is.")
        for unit in report.units {
            let isWell = unit.desired != "launched" || unit.isWell
            text.sample(labels(["unit": unit.name, "wanted": unit.desired]), isWell ? 1 : 0)
        }
        text.family("slipway_fleet_unit_machines", "gauge", "Machines on which a unit is, by systemd's active state.")
        for unit in report.units {
            let states = Dictionary(grouping: unit.states.values) { $0 }
            for (state, machines) in states.sorted(by: { $0.key < $1.key }) {
                text.sample(labels(["unit": unit.name, "active": state]), machines.count)
            }
        }
    }

    private func addCertificates(to text: inout MetricsText) {
        let nodes = seen.provider.nodes(of: report.cluster).filter { $0.certificates != nil }
        guard !nodes.isEmpty else { return }
        text.family(
            "slipway_certificate_not_after_seconds",
            "gauge",
            "End of validity of a node's certificates, in seconds since 1970.",
        )
        for node in nodes {
            guard let certificates = node.certificates else { continue }
            text.sample(labels(["node": node.name]), Int(certificates.notAfter))
        }
    }
}
