import Backups
import Basics
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel

extension HostWorkspace {
    /// Time in which a cluster's etcd says what it knows of its upkeep, and takes note of a backup.
    private static let upkeepLimit = Duration.seconds(3)

    /// What a cluster's etcd says of its upkeep; nil where it does not answer, which its members' figures tell.
    package func upkeepFacts(of cluster: String, nodes: [ObservedNode]) async -> UpkeepFacts? {
        do {
            return try await withDeadline(Self.upkeepLimit) {
                try await UpkeepFacts(reading: etcdClient(of: cluster, nodes: nodes))
            }
        } catch {
            return nil
        }
    }

    /// Notes in a cluster's etcd that a backup was written.
    ///
    /// - Returns: why it is not noted; nil where it is.
    package func note(_ backup: WrittenBackup, of cluster: String) async -> String? {
        do {
            let done: Bool? = try await withDeadline(Self.upkeepLimit) {
                let nodes = try await provider.observe().nodes(of: cluster)
                let mark = BackupMark(
                    time: Int64(Date().timeIntervalSince1970),
                    revision: backup.manifest.etcd.revision,
                    size: backup.size,
                )
                try await mark.write(to: etcdClient(of: cluster, nodes: nodes))
                return true
            }
            return done == nil ? "libvirt or etcd has not answered within \(Self.upkeepLimit)" : nil
        } catch {
            return "\(error)"
        }
    }
}
