import Etcd
import Planning
import Provisioning

extension HostWorkspace {
    /// Time that an etcd member has for an answer, of those that are asked every second.
    private static let patience = Duration.seconds(2)

    /// Returns the follower of clusters.
    ///
    /// - Parameter wanted: their names; nil for all that there are and will be.
    package func follower(of wanted: Set<String>?) -> HostFollower {
        HostFollower(provider: provider, leases: leases, wanted: wanted) { cluster, nodes in
            try etcdClient(of: cluster, nodes: nodes, timeout: Self.patience)
        }
    }
}
