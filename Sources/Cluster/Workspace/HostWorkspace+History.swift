import Basics
import Etcd
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel

extension HostWorkspace {
    /// Time in which a command is recorded once it has ended.
    private static let recordLimit = Duration.seconds(3)

    /// Records in a cluster's etcd what a command did to it.
    ///
    /// - Returns: why it is not recorded; nil where it is, and for a cluster without an etcd to record it in.
    package func record(
        _ command: String,
        _ outcome: HistoryEntry.Outcome,
        steps: Int,
        failed: [String] = [],
        took: Duration,
        rungs: [String: [String: Double]]? = nil,
        of cluster: String,
    ) async -> String? {
        do {
            let done: Bool? = try await withDeadline(Self.recordLimit) {
                let nodes = try await provider.observe().nodes(of: cluster)
                guard nodes.contains(where: { $0.etcd == .member }) else { return true }
                let entry = HistoryEntry(
                    time: Int64(Date().timeIntervalSince1970 * 1_000_000),
                    command: command,
                    by: try Self.userAtHost(),
                    outcome: outcome,
                    steps: steps,
                    failed: failed,
                    seconds: took / .seconds(1),
                    rungs: rungs,
                )
                try await ClusterHistory(etcdClient(of: cluster, nodes: nodes)).append(entry)
                return true
            }
            return done == nil ? "libvirt or etcd has not answered within \(Self.recordLimit)" : nil
        } catch {
            return "\(error)"
        }
    }

    /// What was done to a cluster, the oldest first.
    package func history(of cluster: String, last count: Int) async throws -> [HistoryEntry] {
        let nodes = try await provider.observe().nodes(of: cluster)
        guard !nodes.isEmpty else { throw UserError("there is no cluster '\(cluster)'; see: slipway list") }
        return try await ClusterHistory(etcdClient(of: cluster, nodes: nodes)).entries(last: count)
    }
}
