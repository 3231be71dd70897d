import Etcd
import Planning
import Provisioning

extension HostWorkspace {
    /// Time that an etcd member has for an answer, of those that are asked again and again.
    private static let patience = Duration.seconds(2)

    /// Returns the follower of clusters.
    ///
    /// - Parameter wanted: their names; nil for all that there are and will be.
    package func follower(of wanted: Set<String>?) -> HostFollower {
        HostFollower(provider: provider, leases: leases, wanted: wanted) { cluster, nodes in
            let client = try etcdClient(of: cluster, nodes: nodes, timeout: Self.patience)
            return HostFollower.Client(keys: client, members: client) { await client.holdConnection(to: $0) }
        }
    }

    /// What is seen of one cluster, first and after each change, for as long as somebody reads; who is slow gets the
    /// newest and misses those between.
    package func looks(at cluster: String) -> AsyncStream<HostLook> {
        let (looks, look) = AsyncStream.makeStream(of: HostLook.self, bufferingPolicy: .bufferingNewest(1))
        let follower = follower(of: [cluster])
        let task = Task {
            await follower.run { look.yield($0) }
            look.finish()
        }
        look.onTermination = { _ in task.cancel() }
        return looks
    }
}
