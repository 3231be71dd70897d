import Basics
import Diagnostics
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel

extension HostWorkspace {
    /// Makes a snapshot of a cluster, running or not.
    ///
    /// - Parameters:
    ///   - name: of the snapshot; nil for one made of the time.
    ///   - limit: time for which nodes may stand still.
    ///   - watch: sees to it that nodes run on, even if this program is killed.
    ///   - say: told how far it is.
    /// - Throws: `DiagnosticsError` with what stands in the way.
    package func saveSnapshot(
        of cluster: ClusterName,
        as name: SnapshotName?,
        limit: Duration,
        watch: @escaping SnapshotSave.Watch,
        say: @escaping @Sendable (String) -> Void,
    ) async throws -> ClusterSnapshot {
        let seen = try await provider.observe()
        guard !seen.nodes(of: cluster.description).isEmpty else {
            throw UserError("there is no cluster '\(cluster)'; see: slipway list")
        }
        let obstacles = Planner.snapshotObstacles(cluster.description, observed: seen)
        guard obstacles.isEmpty else { throw DiagnosticsError(obstacles) }
        let now = Int64(Date().timeIntervalSince1970)
        let own = name?.description ?? Self.snapshotName(at: now)
        let save = SnapshotSave(provider: provider, limit: limit, watch: watch, say: say)
        return try await save.save(
            SnapshotReference(cluster: cluster.description, name: own),
            of: seen,
            now: now,
        )
    }

    /// Name of a snapshot that is given none: `at-20261129-160512`, in UTC.
    static func snapshotName(at time: Int64) -> String {
        let digits = Timestamp.text(time).filter(\.isNumber)
        return "at-\(digits.prefix(8))-\(digits.dropFirst(8))"
    }

    /// Snapshots of a cluster, or of all, by age.
    package func snapshots(of cluster: ClusterName?) async throws -> [ClusterSnapshot] {
        let all = try await provider.snapshots()
        guard let cluster else { return all }
        return all.filter { $0.cluster == cluster.description }
    }

    /// A snapshot of a cluster.
    ///
    /// - Parameter name: of the snapshot; nil for the newest.
    /// - Throws: ``UserError`` that says which there are, where there is none of that name.
    package func snapshot(of cluster: ClusterName, named name: SnapshotName?) async throws -> ClusterSnapshot {
        let all = try await snapshots(of: cluster)
        if let found = name.map({ name in all.last { $0.name == name.description } }) ?? all.last { return found }
        let names = all.map(\.name).joined(separator: ", ")
        throw UserError(
            all.isEmpty
                ? "there is no snapshot of '\(cluster)'; make one: slipway snapshot save \(cluster)"
                : "there is no snapshot '\(name?.description ?? "")' of '\(cluster)'; there are: \(names)"
        )
    }

    /// Plans what puts a cluster back to a snapshot.
    package func plan(_ snapshot: ClusterSnapshot) async throws -> PlannedCluster {
        let seen = try await provider.observe()
        let images = Set(snapshot.images.filter(images.isPresent))
        let observed = Observation(provider: seen, images: images)
        return PlannedCluster(plan: try Planner.restore(snapshot, over: observed), observed: observed)
    }
}
