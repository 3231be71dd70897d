import Basics
import Planning
import TestKit
import Testing
import TopologyModel

@testable import Provisioning

/// How long a node's rungs may take.
@Suite struct LadderTests {
    private struct NoImages: ImageSource {
        func ensure(
            _ digests: ImageDigests,
            progress: @escaping @Sendable (String) -> Void,
        ) async throws -> NodeImagePaths { paths(digests) }
        func paths(_ digests: ImageDigests) -> NodeImagePaths { NodeImagePaths(root: "/root", layer: "/layer") }
        func isPresent(_ digests: ImageDigests) -> Bool { true }
        func isForeign(_ digests: ImageDigests) -> Bool { false }
    }

    /// A container beside an emulated member, and its ladder.
    private func ladder(member: RuntimeChoice, accelerator: Accelerator) async throws -> Ladder {
        let planner = Planner(
            topology: Topology(
                name: "demo",
                network: NetworkSettings(cidr: CIDRv4.derived(fromCluster: "demo")),
                roles: [
                    Role(name: "central", count: 1, runtime: member, accelerator: accelerator, etcd: .member),
                    Role(name: "worker", count: 1, etcd: .proxy),
                ],
            ),
            inputs: PlannerInputs(
                image: ImageDigests(root: "r00t", layer: "1ayer"),
                authorizedKeys: [],
                hostKey: { SSHKeyPair(privateKey: "private \($0)", publicKey: "ssh-ed25519 AAAA\($0)") },
                clusterKey: SSHKeyPair(privateKey: "private", publicKey: "ssh-ed25519 AAAA core"),
            ),
        )
        let cluster = await FakeCluster()
        let observer = ClusterObserver(provider: cluster.provider, images: NoImages()) { _ in cluster }
        let plan = try planner.plan(from: try await observer.observe("demo"))
        let executor = Executor(
            provider: cluster.provider,
            images: NoImages(),
            shell: cluster,
            clusters: cluster,
            emit: { _ in },
        )
        let worker = try #require(plan.nodes.first { $0.name == "worker-1" })
        let members = plan.nodes.filter { $0.name == "central-1" }
        return Ladder(executor: executor, node: worker, members: members, say: { _ in })
    }

    @Test func aContainerWaitsForAnEmulatedMemberAsLongAsThatMayTake() async throws {
        let usual = Executor.Limits().etcd
        #expect(try await ladder(member: .container, accelerator: .auto).limits.etcd == usual)
        let beside = try await ladder(member: .vm, accelerator: .tcg).limits.etcd
        #expect(beside == usual * NodePlan.slowestMachine)
    }
}
