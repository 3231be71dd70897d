import Etcd
import Planning
import Provisioning
import SystemPackage

/// Substitutes for what a workspace drives: libvirt, images, ssh, etcd and fleet. With them whole commands run in tests.
package struct WorkspaceSubstitutes: Sendable {
    /// Slipway's own directory, in which the locks are too.
    package var home: FilePath
    /// Nodes and networks.
    package var provider: any ClusterProvider
    /// Leases of clusters.
    package var leases: any LeaseStore
    /// Images, all of which there are.
    package var images: any ImageSource
    /// Digests of the image that new nodes are made with.
    package var image: ImageDigests
    /// Login to nodes.
    package var shell: any NodeShell
    /// Clients of etcd, fleet and the reboot lock of any cluster.
    package var clusters: any ClusterClients
    /// etcd's keys, where commands record what they did.
    package var keys: any EtcdClient
    /// Returns whether something on a node takes TCP connections.
    package var reaches: Executor.Reach
    /// Number of the user who runs commands; 0 is root.
    package var user: UInt32 = 0

    package init(
        home: FilePath,
        provider: any ClusterProvider,
        leases: any LeaseStore,
        images: any ImageSource,
        image: ImageDigests,
        shell: any NodeShell,
        clusters: any ClusterClients,
        keys: any EtcdClient,
        reaches: @escaping Executor.Reach,
    ) {
        (self.home, self.provider, self.leases, self.images, self.image) = (home, provider, leases, images, image)
        (self.shell, self.clusters, self.keys, self.reaches) = (shell, clusters, keys, reaches)
    }
}
