import Planning
import Provisioning

extension FakeProvider {
    package func snapshots() async throws -> [ClusterSnapshot] {
        try checkAlive()
        return kept
    }

    package func beginSnapshot(_ snapshot: SnapshotReference) async throws {
        try begin("beginSnapshot", snapshot.name)
        if kept.contains(where: { $0.reference == snapshot }) {
            throw ProviderError(.conflict, "there is a snapshot '\(snapshot.name)' already")
        }
        try step { drafts = drafts.filter { $0.cluster != snapshot.cluster } }
        try step { drafts.insert(snapshot) }
    }

    package func saveEarly(_ node: NodeReference, in snapshot: SnapshotReference) async throws {
        try begin("saveEarly", node.domainName)
        try step {}
    }

    package func saveNode(
        _ node: NodeReference,
        in snapshot: SnapshotReference
    ) async throws -> (definition: String, bytes: Int64) {
        try begin("saveNode", node.domainName)
        guard let present = nodes[node.domainName], let plan = present.storage?.plan, let domain = present.domain else {
            throw ProviderError(.failed, "\(node.domainName) is not whole")
        }
        if domain.power == .running { throw ProviderError(.failed, "\(node.domainName) writes while it is copied") }
        if let copyTime { try await Task.sleep(for: copyTime) }
        let disk = disks[node.domainName] ?? ""
        try step { copies[snapshot, default: [:]][node.name] = Copy(plan: plan, etcd: domain.etcd, disk: disk) }
        return ("<domain>\(node.domainName)</domain>\n", Int64(disk.utf8.count))
    }

    package func completeSnapshot(_ snapshot: ClusterSnapshot) async throws {
        try begin("completeSnapshot", snapshot.name)
        try step {
            drafts.remove(snapshot.reference)
            kept.append(snapshot)
        }
    }

    package func abandonSnapshot(_ snapshot: SnapshotReference) async throws {
        try begin("abandonSnapshot", snapshot.name)
        try step { drafts.remove(snapshot) }
    }

    package func removeSnapshots(_ names: [String], of cluster: String) async throws {
        try begin("removeSnapshots", cluster)
        for name in names {
            try step { kept.removeAll { $0.reference == SnapshotReference(cluster: cluster, name: name) } }
        }
        drafts = drafts.filter { $0.cluster != cluster }
    }

    package func stageNode(_ node: NodeReference, from snapshot: SnapshotReference) async throws {
        try begin("stageNode", node.domainName)
        guard let copy = copies[snapshot]?[node.name] else {
            throw ProviderError(.failed, "\(node.name) is not in \(snapshot.name)")
        }
        try step {
            clusterDirectories.insert(node.cluster)
            staged[node.domainName] = copy
        }
    }

    package func beginRestore(_ snapshot: SnapshotReference) async throws {
        try begin("beginRestore", snapshot.name)
        try step { restoring = restoring.filter { $0.cluster != snapshot.cluster }.union([snapshot]) }
    }

    package func placeNode(_ node: ClusterSnapshot.Node) async throws {
        let (name, domain) = (node.node.name, node.node.domainName)
        try begin("placeNode", domain)
        if nodes[domain]?.domain.map({ $0.power != .off }) ?? false {
            throw ProviderError(.failed, "\(domain) runs")
        }
        guard let copy = staged[domain] else { throw ProviderError(.failed, "nothing is staged for \(domain)") }
        // The old files go first, and the new ones come then.
        try step { nodes[domain]?.storage = nil }
        try step {
            var entry = nodes[domain] ?? Node(cluster: node.node.cluster, name: name)
            entry.storage = Storage(plan: copy.plan)
            nodes[domain] = entry
            disks[domain] = copy.disk
            staged[domain] = nil
        }
        try step {
            nodes[domain]?.domain = FakeDomain(
                plan: copy.plan,
                phase: min(node.node.phase, .started),
                power: .off,
                etcd: copy.etcd,
                autostart: node.node.autostart ?? true,
            )
        }
    }

    package func endRestore(_ snapshot: SnapshotReference) async throws {
        try begin("endRestore", snapshot.name)
        try step { restoring.remove(snapshot) }
        staged = [:]
    }
}
