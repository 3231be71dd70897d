import Provisioning
import TestKit

extension FakeCluster {
    /// An executor of plans for this cluster.
    func executor(
        shell: (any NodeShell)? = nil,
        clusters: (any ClusterClients)? = nil,
        limits: Executor.Limits = Executor.Limits(),
        boots: BootBound? = nil,
        emit: @escaping EventSink = { _ in },
    ) -> Executor {
        Executor(
            provider: provider,
            images: FakeImages(),
            shell: shell ?? self,
            clusters: clusters ?? self,
            limits: limits,
            boots: boots,
            reaches: { address, _ in self.reaches(address) },
            emit: emit,
        )
    }
}
