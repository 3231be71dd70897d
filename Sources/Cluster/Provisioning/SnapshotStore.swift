import Basics
import FileErrors
import FoundationEssentials
import Planning
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

/// Directories of snapshots, `HOME/snapshots/CLUSTER/NAME`: one for each node, and a manifest.
///
/// A snapshot is made under another name, and gets its own when it is whole; it loses it before the first of it is
/// removed. Whatever moment a run is killed at, what has its name is whole, and the rest is removed by the next one.
package struct SnapshotStore: Sendable {
    /// Directory of the snapshots of all clusters.
    package let path: String

    private static let manifest = "snapshot.json"
    private static let draftPrefix = ".draft-"
    private static let removedPrefix = ".removed-"
    private static let poolPrefix = ".early-"
    /// File with the name of the snapshot that the cluster is being put back to.
    private static let restoring = ".restoring"

    /// - Parameter home: Slipway's own directory.
    package init(home: String) {
        path = "\(home)/snapshots"
    }

    /// Directory of a snapshot that is whole.
    package func directory(of snapshot: SnapshotReference) -> String { "\(path)/\(snapshot.cluster)/\(snapshot.name)" }

    /// Directory of a snapshot that is being made.
    package func draft(of snapshot: SnapshotReference) -> String {
        "\(path)/\(snapshot.cluster)/\(Self.draftPrefix)\(snapshot.name)"
    }

    /// Directory, in a snapshot that is being made, of files of a node that were copied early.
    package func pool(of node: String, in snapshot: SnapshotReference) -> String {
        "\(draft(of: snapshot))/\(Self.poolPrefix)\(node)"
    }

    // MARK: Looking

    /// Snapshots that are whole, by cluster and age.
    ///
    /// - Throws: ``ProviderError`` for one that cannot be read, which says nothing about what is in it.
    package func list() throws -> [ClusterSnapshot] {
        try references().map { try read($0) }.sorted { ($0.cluster, $0.made, $0.name) < ($1.cluster, $1.made, $1.name) }
    }

    /// Names of snapshots that are whole, readable or not, sorted.
    package func references() throws -> [SnapshotReference] {
        try clusters().flatMap { cluster in
            try names(in: "\(path)/\(cluster)")
                .filter { NameRule.problem(with: $0, limit: SnapshotName.limit) == nil }
                .map { SnapshotReference(cluster: cluster, name: $0) }
        }
    }

    /// Snapshots that clusters were being put back to when that was cut short.
    package func cutRestores() throws -> [SnapshotReference] {
        try clusters().compactMap { cluster in
            let file = "\(path)/\(cluster)/\(Self.restoring)"
            guard FileManager.default.fileExists(atPath: file) else { return nil }
            let name = try explained("read \(file)") { try String(contentsOfFile: file, encoding: .utf8) }
            return SnapshotReference(cluster: cluster, name: name.trimmed)
        }
    }

    private func read(_ snapshot: SnapshotReference) throws -> ClusterSnapshot {
        let file = "\(directory(of: snapshot))/\(Self.manifest)"
        let known = try explained("read \(file)") {
            try JSONDecoder().decode(Format.self, from: Data(contentsOf: URL(filePath: file)))
        }
        guard known.format == ClusterSnapshot.format else {
            throw ProviderError(
                .failed,
                "snapshot '\(snapshot.name)' of \(snapshot.cluster) has format \(known.format), and this slipway reads "
                    + "\(ClusterSnapshot.format); remove it: slipway snapshot rm \(snapshot.cluster) \(snapshot.name)",
            )
        }
        let read = try explained("read \(file)") {
            try JSONDecoder().decode(ClusterSnapshot.self, from: Data(contentsOf: URL(filePath: file)))
        }
        guard read.reference == snapshot else {
            throw ProviderError(.failed, "\(file) is of snapshot '\(read.name)' of \(read.cluster)")
        }
        return read
    }

    private struct Format: Decodable { var format: Int }

    private func clusters() throws -> [String] {
        try names(in: path).filter { NameRule.problem(with: $0, limit: NameRule.clusterLimit) == nil }
    }

    private func names(in directory: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        return try explained("list \(directory)") {
            try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        }
    }

    // MARK: Making

    /// Makes room for a snapshot, and removes what was left of others that were cut short.
    package func begin(_ snapshot: SnapshotReference) throws {
        guard !FileManager.default.fileExists(atPath: directory(of: snapshot)) else {
            throw ProviderError(
                .conflict,
                "there is a snapshot '\(snapshot.name)' of \(snapshot.cluster) already; take another name, or remove it: "
                    + "slipway snapshot rm \(snapshot.cluster) \(snapshot.name)",
            )
        }
        try clean(snapshot.cluster)
        for directory in [path, "\(path)/\(snapshot.cluster)", draft(of: snapshot)] { try makeDirectory(directory) }
    }

    /// Gives a snapshot that is whole its name.
    package func complete(_ snapshot: ClusterSnapshot) throws {
        let draft = draft(of: snapshot.reference)
        // What has changed since it was copied early was copied again.
        for name in try names(in: draft) where name.hasPrefix(Self.poolPrefix) {
            try removeTree([snapshot.cluster, Self.draftPrefix + snapshot.name, name])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let text = try encoder.encode(snapshot)
        try explained("write \(draft)/\(Self.manifest)") {
            try AtomicFile.write(Array(text), to: "\(draft)/\(Self.manifest)", mode: 0o600)
        }
        try move(draft, to: directory(of: snapshot.reference))
    }

    /// Removes what there is of a snapshot that was begun.
    package func abandon(_ snapshot: SnapshotReference) throws {
        try removeTree([snapshot.cluster, Self.draftPrefix + snapshot.name])
        try removeIfEmpty(snapshot.cluster)
    }

    /// Removes snapshots, and what was left of others.
    package func remove(_ names: [String], of cluster: String) throws {
        for name in names {
            let snapshot = SnapshotReference(cluster: cluster, name: name)
            guard FileManager.default.fileExists(atPath: directory(of: snapshot)) else { continue }
            let number = String(UInt64.random(in: 0 ... .max), radix: 16)
            try move(directory(of: snapshot), to: "\(path)/\(cluster)/\(Self.removedPrefix)\(number)")
        }
        try clean(cluster)
        try removeIfEmpty(cluster)
    }

    /// Removes what runs left that were cut short.
    private func clean(_ cluster: String) throws {
        for name in try names(in: "\(path)/\(cluster)")
        where name.hasPrefix(Self.draftPrefix) || name.hasPrefix(Self.removedPrefix) {
            try removeTree([cluster, name])
        }
    }

    private func removeIfEmpty(_ cluster: String) throws {
        guard try names(in: "\(path)/\(cluster)").isEmpty else { return }
        try removeTree([cluster])
    }

    // MARK: Putting back

    /// Notes that a cluster is being put back to a snapshot.
    package func beginRestore(_ snapshot: SnapshotReference) throws {
        let file = "\(path)/\(snapshot.cluster)/\(Self.restoring)"
        try explained("write \(file)") { try AtomicFile.write("\(snapshot.name)\n", to: file, mode: 0o600) }
    }

    /// Notes that a cluster is not being put back any more.
    package func endRestore(of cluster: String) throws {
        try removeTree([cluster, Self.restoring])
        try removeIfEmpty(cluster)
    }

    // MARK: Files

    private func makeDirectory(_ path: String) throws {
        try explained("make the directory \(path)") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        }
    }

    private func move(_ source: String, to target: String) throws {
        guard rename(source, target) == 0 else {
            throw ProviderError(
                .failed,
                "cannot rename \(source) to \(target)",
                cause: String(cString: strerror(errno))
            )
        }
    }

    private func removeTree(_ names: [String]) throws {
        do {
            try OwnedDirectory(path).remove(names)
        } catch {
            throw ProviderError(.failed, error.description)
        }
    }

    private func explained<Result>(_ action: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DecodingError {
            throw ProviderError(.failed, "cannot \(action)", cause: "it is not the manifest of a snapshot (\(error))")
        } catch {
            throw ProviderError(.failed, "cannot \(action)", cause: error.plainReason)
        }
    }
}
