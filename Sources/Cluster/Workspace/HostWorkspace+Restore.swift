import Backups
import Basics
import Etcd
import FoundationEssentials
import Planning
import Provisioning
import SecureShell
import TopologyModel

extension HostWorkspace {
    /// Prepares a backup for the members of a cluster, which `body` makes or changes: in an etcd of this host, what
    /// machines said of themselves is taken out, and machines of another name get their new IDs.
    ///
    /// - Parameters:
    ///   - topology: as the cluster shall be, whatever the backup calls it.
    ///   - say: told how far it is.
    /// - Throws: `BackupError` for a backup that etcd does not start with.
    package func restoring<Result>(
        _ backup: BackupFile,
        as topology: Topology,
        say: @Sendable (String) -> Void,
        _ body: (RestoreSource) async throws -> Result,
    ) async throws -> Result {
        let programs = try etcdPrograms()
        let present = try await provider.observe().nodes(of: topology.name)
        let manifest = backup.manifest
        let machines = Self.machines(of: manifest, as: topology, present: present.map(\.name))
        return try await staging { directory in
            let (snapshot, prepared) = ("\(directory)/snapshot.db", "\(directory)/members.db")
            try Self.write(try backup.content(of: BackupManifest.PartName.snapshot), to: snapshot)
            try await ScratchEtcd.with(snapshot: snapshot, in: directory, programs: programs) { scratch in
                guard try await scratch.contents() == (manifest.etcd.revision, manifest.etcd.keys) else {
                    throw BackupError("the snapshot holds other keys than the manifest says")
                }
                try await RestoredKeys(machines: machines).apply(to: scratch.client)
                try await scratch.save(to: prepared, within: Self.snapshotLimit)
            }
            var source = RestoreSource(
                words: "the backup of \(manifest.made)",
                snapshot: prepared,
                size: Int64(try FileStatus(of: prepared).size),
                legacyKeys: try Self.legacyKeys(of: backup),
                token: Self.token(of: manifest, as: topology.name, isNew: !present.contains(where: \.mayHoldEtcdData)),
                launched: Set(manifest.units.filter { $0.desiredState == "launched" }.map(\.name)),
            )
            source.certificates = manifest.certificates ?? 1
            source.loss = await loss(since: manifest.etcd, of: topology.name)
            say("the backup is whole: \(manifest.etcd.keys) keys, revision \(manifest.etcd.revision)")
            return try await body(source)
        }
    }

    /// Plans what makes a cluster from a backup, or puts it into one that exists.
    ///
    /// - Parameter survivors: names of the only members that it is put into, where the others are lost and made anew; nil
    ///   for all whose disks are there.
    /// - Throws: `DiagnosticsError` with what stands in the way.
    package func plan(
        _ topology: Topology,
        restoring source: RestoreSource,
        survivors: Set<String>? = nil,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> PlannedCluster {
        var resolved = try await resolve(topology, renewsCertificates: false, progress: progress)
        let observed = resolved.observed
        let exists =
            observed.etcd != nil || observed.provider.nodes(of: topology.name).contains(where: \.mayHoldEtcdData)
        if !exists { resolved.inputs.restore = source }
        let planner = Planner(topology: topology, inputs: resolved.inputs)
        let survivors = survivors ?? (exists ? observed.survivors(of: topology.name) : nil)
        let plan =
            exists
            ? try planner.restore(source, over: observed, survivors: survivors) : try planner.plan(from: observed)
        return PlannedCluster(plan: plan, observed: observed)
    }

    /// Time in which etcd says what it has.
    private static let lossLimit = Duration.seconds(5)

    /// What a cluster loses by a backup; nil where its etcd does not say.
    private func loss(since taken: BackupManifest.Etcd, of cluster: String) async -> RestoreLoss? {
        // It is told where it is known; a cluster that needs its backup may not answer.
        try? await withDeadline(Self.lossLimit) { () -> RestoreLoss? in
            let nodes = try await provider.observe().nodes(of: cluster)
            let members = nodes.filter { $0.etcd == .member && $0.power == .running }
            guard let member = members.first, let url = member.clientURL else { return nil }
            let etcd = try etcdClient(of: cluster, nodes: nodes)
            let response = try await etcd.range(RangeRequest(.prefix(""), keysOnly: true))
            let isSame = try await etcd.status(of: url).cluster == taken.cluster
            return RestoreLoss(
                keys: response.keyValues.map { ($0.key, $0.modRevision) },
                revision: response.revision,
                since: isSame ? taken.revision : nil,
            )
        } ?? nil
    }

    /// The IDs of a backup's machines that there will be again, and those that they will have.
    private static func machines(
        of manifest: BackupManifest,
        as topology: Topology,
        present: [String],
    ) -> [String: String] {
        let wanted = topology.roles.flatMap { role in
            (0..<role.count).map { Identity.nodeName(role: role.name, index: $0 + 1) }
        }
        let names = Set(wanted + present)
        let pairs = manifest.nodes.filter { names.contains($0.name) }.map {
            ($0.machineID, Identity.machineID(cluster: topology.name, node: $0.name))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func legacyKeys(of backup: BackupFile) throws -> [RestoreSource.LegacyKey] {
        guard backup.manifest.etcd.legacyKeys != nil else { return [] }
        let part = try backup.content(of: BackupManifest.PartName.legacyKeys)
        let keys = try RestoredKeys.legacy(JSONDecoder().decode([EtcdHTTPClient.LegacyKey].self, from: part))
        return keys.map { RestoreSource.LegacyKey(key: $0.key, value: $0.value, ttl: $0.ttl) }
    }

    /// A run that is cut short goes on with the token it began with; what replaces an etcd is another one each time.
    private static func token(of manifest: BackupManifest, as cluster: String, isNew: Bool) -> String {
        let own = isNew ? manifest.parts.map(\.sha256).joined() : UUID().uuidString
        return "\(cluster)-\(sha256Hex(own).prefix(16))"
    }

    // MARK: Identity

    /// This workspace with the keys that a cluster had when the backup was made.
    ///
    /// - Returns: also whether they differ from those that this host derives.
    package func adopting(_ backup: BackupFile) throws -> (workspace: HostWorkspace, differs: Bool) {
        let part = try backup.content(of: BackupManifest.PartName.identity)
        let identity = try JSONDecoder().decode(ClusterIdentity.self, from: part)
        var workspace = self
        workspace.secret = try secret.adopting(identity.seeds.map { ($0.purpose, try Base64.decode($0.seed.utf8)) })
        return (workspace, workspace.secret.hasAdopted)
    }

    /// Keeps the keys that were adopted, for every later command.
    package func keepAdopted(of cluster: ClusterName) throws { try secret.keepAdopted(of: cluster.description) }
}
