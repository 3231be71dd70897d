import Libvirt
import Planning
import Provisioning
import Synchronization

extension LibvirtProvider {
    private var snapshotStore: SnapshotStore { SnapshotStore(home: storage.home) }

    package func snapshots() async throws -> [ClusterSnapshot] {
        guard !uris.isRemote else { return [] }
        return try await offPool { [snapshotStore] in try snapshotStore.list() }
    }

    package func beginSnapshot(_ snapshot: SnapshotReference) async throws {
        try refuseRemote()
        try await offPool { [snapshotStore] in try snapshotStore.begin(snapshot) }
    }

    package func saveEarly(_ node: NodeReference, in snapshot: SnapshotReference) async throws {
        let pool = snapshotStore.pool(of: node.name, in: snapshot)
        try await copying { [storage] copy in try storage.saveEarly(node, to: pool, by: copy) }
    }

    package func saveNode(
        _ node: NodeReference,
        in snapshot: SnapshotReference
    ) async throws -> (definition: String, bytes: Int64) {
        let target = "\(snapshotStore.draft(of: snapshot))/\(node.name)"
        let definition = try await containers.driver.run { connection throws(LibvirtError) in
            try connection.domain(named: node.domainName).xml(inactive: true)
        }
        let pool = snapshotStore.pool(of: node.name, in: snapshot)
        let sizes = try await copying { [storage] copy in
            try storage.save(node, to: target, from: storage.isDirectory(pool) ? pool : nil, by: copy)
        }
        return (definition, sizes.bytes)
    }

    package func completeSnapshot(_ snapshot: ClusterSnapshot) async throws {
        try await offPool { [snapshotStore] in
            try TreeCopy.writeThrough(snapshotStore.draft(of: snapshot.reference))
            try snapshotStore.complete(snapshot)
        }
    }

    package func abandonSnapshot(_ snapshot: SnapshotReference) async throws {
        try await offPool { [snapshotStore] in try snapshotStore.abandon(snapshot) }
    }

    package func removeSnapshots(_ names: [String], of cluster: String) async throws {
        guard !uris.isRemote else { return }
        try await offPool { [snapshotStore] in try snapshotStore.remove(names, of: cluster) }
    }

    package func stageNode(_ node: NodeReference, from snapshot: SnapshotReference) async throws {
        try refuseRemote()
        let source = "\(snapshotStore.directory(of: snapshot))/\(node.name)"
        try await copying { [storage] copy in try storage.stage(node, from: source, by: copy) }
    }

    package func beginRestore(_ snapshot: SnapshotReference) async throws {
        try await offPool { [snapshotStore] in try snapshotStore.beginRestore(snapshot) }
    }

    package func placeNode(_ node: ClusterSnapshot.Node) async throws {
        let reference = NodeReference(node.node)
        try await containers.driver.refuseForeign(reference)
        guard try await !containers.driver.isActive(reference) else {
            throw ProviderError(.failed, "\(reference.domainName) runs, and its files cannot be put back meanwhile")
        }
        try await offPool { [storage] in try storage.place(reference) }
        try await containers.driver.run { connection throws(LibvirtError) in
            try connection.defineDomain(node.definition, name: reference.domainName).setAutostart(
                node.node.autostart ?? true
            )
        }
        // It ran once, and is not ready before it is seen so.
        if node.node.phase == .ready { try await setPhase(.started, of: reference) }
    }

    package func endRestore(_ snapshot: SnapshotReference) async throws {
        try await offPool { [snapshotStore, storage] in
            try TreeCopy.writeThrough(storage.clusters)
            try snapshotStore.endRestore(of: snapshot.cluster)
            try storage.removeReplaced(of: snapshot.cluster)
        }
    }

    /// Nodes' files are on libvirt's host.
    private func refuseRemote() throws(ProviderError) {
        guard uris.isRemote else { return }
        throw ProviderError(
            .unsupported,
            "\(uris.given) is on another host, and so are its nodes' files; run this there"
        )
    }

    /// Runs a copy off the pool, which ends when this task is cancelled.
    private func copying<Result: Sendable>(_ body: @escaping @Sendable (TreeCopy) throws -> Result) async throws
        -> Result
    {
        let isCancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await offPool { try body(TreeCopy(isCancelled: { isCancelled.value })) }
        } onCancel: {
            isCancelled.set()
        }
    }
}

/// Says from any thread that a task was cancelled.
private final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var value: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}
