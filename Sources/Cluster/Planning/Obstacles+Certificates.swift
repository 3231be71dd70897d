import Diagnostics
import TopologyModel

extension Obstacles {
    /// Members with and without TLS cannot talk to each other, and certificates end.
    func certificateObstacles(at now: Int64) -> [Diagnostic] {
        let nodes = observed.provider.nodes(of: topology.name).filter(\.hasDomain)
        if nodes.contains(where: { $0.etcd != .none && $0.etcdTLS != topology.etcd.tls }) {
            let (present, wanted) = topology.etcd.tls ? ("without", "with") : ("with", "without")
            return [
                .error(
                    "etcd of cluster '\(topology.name)' runs \(present) TLS, and its file says \(wanted)",
                    at: topology.etcd.tlsLocation,
                    notes: ["this cannot change while it lives; take it down first: slipway down \(topology.name)"],
                )
            ]
        }
        guard topology.usesCertificates, let oldest = nodes.compactMap(\.certificates).min(),
            let days = oldest.daysLeft(at: now)
        else { return [] }
        return [
            .warning(
                "certificates of cluster '\(topology.name)' \(days < 0 ? "have ended" : "end in \(days) days")",
                notes: ["renew them: slipway up \(topology.name) --rotate-certs"],
            )
        ]
    }

    /// Two etcd clusters under one name: to choose one is to lose the data of the second.
    /// What keeps etcd from taking what a plan writes. An alarm stays when the member that raised it goes.
    var etcdAlarms: [Diagnostic] {
        (observed.etcd?.alarms ?? []).map { alarm in
            let advice = alarm.isOfSpace ? ["make room: slipway maintain \(topology.name)"] : []
            return .error(alarm.consequence, notes: advice)
        }
    }

    var etcdSplit: [Diagnostic] {
        // What those have that are made anew goes with them.
        let ids = observed.etcdClusterIDs(of: topology.name, without: replaced)
        guard ids.count > 1 else { return [] }
        return [
            .error(
                "the members of cluster '\(topology.name)' belong to \(ids.count) etcd clusters: "
                    + ids.sorted().joined(separator: ", "),
                notes: [
                    "see which is whose, on each member: etcdctl endpoint status",
                    "save what is needed, then take it down: slipway down \(topology.name)",
                ],
            )
        ]
    }
}
