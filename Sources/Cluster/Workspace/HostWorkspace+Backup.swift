import Backups
import Basics
import Etcd
import FoundationEssentials
import Images
import Planning
import Provisioning
import SecureShell
import SystemPackage
import TopologyModel
import UnitFiles

/// A topology file with all that it names, as it was read.
package struct TopologyFiles: Sendable {
    /// Name of the topology file, which is one of the paths.
    package var topology: String
    /// Texts by path.
    package var texts: [String: String]

    package init(topology: String, texts: [String: String]) {
        (self.topology, self.texts) = (topology, texts)
    }
}

/// A backup that was written, and what it holds.
package struct WrittenBackup: Sendable {
    /// Path of the file.
    package var path: String
    /// Size in bytes.
    package var size: Int64
    /// Contents.
    package var manifest: BackupManifest
}

extension HostWorkspace {
    /// Time for etcd to hand over its store.
    static let snapshotLimit = Duration.seconds(600)

    /// Writes a backup of a cluster that runs: etcd's stores, the topology, and what its keys are derived from.
    ///
    /// The snapshot is restored into an etcd of this host before the file gets its name.
    /// - Parameters:
    ///   - path: of the file.
    ///   - replaces: whether a file that is there may be replaced.
    ///   - passphrase: seals the file.
    ///   - say: told how far it is.
    package func backUp(
        _ cluster: ClusterName,
        _ files: TopologyFiles,
        to path: String,
        replaces: Bool,
        passphrase: String?,
        say: @escaping @Sendable (String) -> Void,
    ) async throws -> WrittenBackup {
        guard replaces || !FileManager.default.fileExists(atPath: path) else { throw BackupFile.exists(path) }
        let programs = try etcdPrograms()
        let name = cluster.description
        let seen = try await observer(of: name).observe(name)
        let nodes = seen.provider.nodes(of: name)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(name)'; see: slipway list") }
        let etcd = try etcdClient(of: name, nodes: nodes)
        return try await staging { directory in
            let snapshot = "\(directory)/snapshot.db"
            let member = try await saveSnapshot(from: etcd, to: snapshot, cluster: name, say: say)
            let legacy = try await etcd.legacyKeys()
            let members = try await etcd.members()
            let contents = try await ScratchEtcd.with(snapshot: snapshot, in: directory, programs: programs) {
                try await $0.contents()
            }
            say("restored into an etcd of this host: \(contents.keys) keys, revision \(contents.revision)")
            let stored = StoredKeys(
                snapshot: snapshot,
                etcd: BackupManifest.Etcd(
                    cluster: member.cluster,
                    version: member.version,
                    revision: contents.revision,
                    keys: contents.keys,
                    legacyKeys: legacy?.count,
                    members: members.map {
                        BackupManifest.Etcd.Member(name: $0.name, addresses: $0.peerURLs, isLearner: $0.isLearner)
                    },
                ),
                legacy: legacy,
                fleet: seen.fleet,
            )
            return try writeBackup(stored, of: name, nodes, files, to: path, replaces: replaces, passphrase: passphrase)
        }
    }

    /// What etcd held, as it goes into a backup.
    struct StoredKeys: Sendable {
        /// Path of the snapshot.
        var snapshot: String
        var etcd: BackupManifest.Etcd
        /// Keys of version 2; nil where etcd served none.
        var legacy: [EtcdHTTPClient.LegacyKey]?
        var fleet: ObservedFleet?
    }

    func writeBackup(
        _ stored: StoredKeys,
        of cluster: String,
        _ nodes: [ObservedNode],
        _ files: TopologyFiles,
        to path: String,
        replaces: Bool = false,
        passphrase: String? = nil,
    ) throws -> WrittenBackup {
        var manifest = BackupManifest(
            cluster: cluster,
            made: Timestamp.text(Int64(Date().timeIntervalSince1970)),
            topology: files.topology,
            etcd: stored.etcd,
            nodes: nodes.map {
                BackupManifest.Node(
                    name: $0.name,
                    etcd: $0.etcd.rawValue,
                    machineID: Identity.machineID(cluster: cluster, node: $0.name),
                )
            },
            units: (stored.fleet?.units ?? [:]).values.sorted { $0.name < $1.name }.map {
                BackupManifest.Unit(name: $0.name, desiredState: $0.desiredState.rawValue)
            },
        )
        manifest.certificates = nodes.compactMap(\.certificates?.number).max()
        let snapshot = try Data(contentsOf: URL(filePath: stored.snapshot), options: .mappedIfSafe)
        var parts = [BackupFile.Part(BackupManifest.PartName.snapshot, snapshot)]
        if let legacy = stored.legacy {
            parts.append(BackupFile.Part(BackupManifest.PartName.legacyKeys, try Self.json(legacy)))
        }
        let identity = ClusterIdentity(
            of: cluster,
            nodes: nodes.map(\.name),
            generation: manifest.certificates,
            secret: secret,
        )
        parts.append(BackupFile.Part(BackupManifest.PartName.identity, try Self.json(identity)))
        for (index, file) in files.texts.sorted(by: { $0.key < $1.key }).enumerated() {
            let part = "\(BackupManifest.PartName.files)/\(index + 1)-\(Self.plainName(of: file.key))"
            parts.append(BackupFile.Part(part, Data(file.value.utf8), path: file.key))
        }
        try BackupFile.write(manifest, parts, to: path, passphrase: passphrase, replaces: replaces)
        let size = Int64(try FileStatus(of: path).size)
        return WrittenBackup(path: path, size: size, manifest: manifest)
    }

    /// The last component of a path, as far as an archive takes it.
    private static func plainName(of path: String) -> String {
        let name = path.split(separator: "/").last ?? "-"
        let allowed = name.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 && $0.value < 0x7F }
        return String(String.UnicodeScalarView(allowed.suffix(64)))
    }

    private static func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// Restores a backup's snapshot into an etcd of this host.
    ///
    /// - Throws: `BackupError` where that fails, or the etcd holds something else than the manifest says.
    package func check(_ backup: BackupFile) async throws {
        let programs = try etcdPrograms()
        try await staging { directory in
            let snapshot = "\(directory)/snapshot.db"
            try Self.write(try backup.content(of: BackupManifest.PartName.snapshot), to: snapshot)
            let contents = try await ScratchEtcd.with(snapshot: snapshot, in: directory, programs: programs) {
                try await $0.contents()
            }
            guard contents == (backup.manifest.etcd.revision, backup.manifest.etcd.keys) else {
                throw BackupError("the snapshot holds other keys than the manifest says")
            }
        }
    }

    /// Writes a file for this user alone.
    static func write(_ data: Data, to path: String) throws {
        try AtomicFile.write(Array(data), to: path, mode: 0o600, isDurable: false)
    }

    // MARK: etcd

    /// Client of a cluster's members that are on.
    ///
    /// - Parameter timeout: time for one answer.
    package func etcdClient(
        of cluster: String,
        nodes: [ObservedNode],
        timeout: Duration = .seconds(5),
    ) throws -> EtcdHTTPClient {
        let members = nodes.filter { $0.etcd == .member && $0.power == .running }
        let endpoints = members.compactMap(\.clientURL)
        guard !endpoints.isEmpty else {
            throw UserError("no etcd member of cluster '\(cluster)' is on; start them: slipway up \(cluster)")
        }
        return try etcdClient(of: cluster, nodes: nodes, endpoints: endpoints, timeout: timeout)
    }

    /// Client of certain members or proxies of a cluster.
    ///
    /// - Parameter timeout: time that each has for an answer.
    package func etcdClient(
        of cluster: String,
        nodes: [ObservedNode],
        endpoints: [String],
        timeout: Duration,
    ) throws -> EtcdHTTPClient {
        let number = nodes.compactMap(\.certificates?.number).max()
        let tls = try number.map { try certificates(of: cluster).etcdTLS($0) }
        return EtcdHTTPClient(
            endpoints: endpoints,
            requestTimeout: timeout,
            tls: endpoints.contains { $0.hasPrefix("https:") } ? tls : nil,
            proxyPort: gateway?.port,
        )
    }

    /// Copies the store of the first member that is healthy.
    private func saveSnapshot(
        from etcd: EtcdHTTPClient,
        to path: String,
        cluster: String,
        say: @escaping @Sendable (String) -> Void,
    ) async throws -> MemberStatus {
        var failures: [String] = []
        for endpoint in etcd.endpoints {
            do throws(EtcdError) {
                guard try await etcd.health(of: endpoint) else {
                    failures.append("\(endpoint) has no majority")
                    continue
                }
            } catch {
                failures.append("\(error)")
                continue
            }
            let status = try await etcd.status(of: endpoint)
            try await SnapshotFile.write(path) { take in
                try await etcd.snapshot(of: endpoint, within: Self.snapshotLimit, take)
            }
            say("copied etcd's store from \(endpoint)")
            return status
        }
        throw UserError(
            "no member of etcd in cluster '\(cluster)' is healthy, so there is nothing to back up: "
                + failures.joined(separator: "; ")
        )
    }

    /// etcd's programs of this host, or of a node image.
    package func etcdPrograms() throws -> EtcdPrograms {
        let store = images.store
        let roots = [images.recipe.digest] + store.digests(of: .root)
        return try EtcdPrograms.find(roots: roots.map { store.path(of: .root, digest: $0) })
    }

    /// Gives `body` a directory for this user alone, which is removed afterwards; so is what earlier runs left that
    /// were killed.
    package func staging<Result>(_ body: (_ directory: String) async throws -> Result) async throws -> Result {
        let place = home.appending("staging").string
        let owned = OwnedDirectory(place)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [] {
            guard FileManager.default.fileExists(atPath: "\(place)/\(name)/lock") else { continue }
            let lock = try FileLock("\(place)/\(name)/lock")
            if try lock.take(.exclusive) { try owned.remove([name]) }
        }
        let name = UUID().uuidString.lowercased()
        try FileManager.default.createDirectory(
            atPath: "\(place)/\(name)",
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700],
        )
        let lock = try FileLock("\(place)/\(name)/lock")
        _ = try lock.take(.exclusive)
        let result: Result
        do {
            result = try await body("\(place)/\(name)")
        } catch {
            try owned.remove([name])
            _ = consume lock
            throw error
        }
        try owned.remove([name])
        _ = consume lock
        return result
    }
}
