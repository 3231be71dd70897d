import Basics
import CloudConfig
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

/// Reboots of a cluster's nodes, carried out.
@Suite(.timeLimit(.minutes(5)))
struct RollingTests {
    private struct ReadyImages: ImageSource {
        func ensure(
            _ digests: ImageDigests,
            progress: @escaping @Sendable (String) -> Void,
        ) async throws -> NodeImagePaths { paths(digests) }
        func paths(_ digests: ImageDigests) -> NodeImagePaths { NodeImagePaths(root: "/root", layer: "/layer") }
        func isPresent(_ digests: ImageDigests) -> Bool { true }
        func isForeign(_ digests: ImageDigests) -> Bool { false }
    }

    private let planner = Planner(
        topology: Topology(
            name: "demo",
            network: NetworkSettings(cidr: CIDRv4("10.9.0.0/24") ?? CIDRv4.derived(fromCluster: "demo")),
            roles: [
                Role(name: "central", count: 3, etcd: .member), Role(name: "worker", count: 2, etcd: .proxy),
            ],
            cloudConfig: CloudConfig(coreos: CoreOS(update: [.rebootStrategy: "etcd-lock"])),
        ),
        inputs: .fixed,
    )

    /// The cluster, up, and the plan that reboots its nodes.
    ///
    /// - Parameter patience: how long is waited for what will not come.
    private func settled(
        _ roll: Roll = Roll(),
        patience: WritableKeyPath<Executor.Limits, Duration>? = nil,
    ) async throws -> (cluster: FakeCluster, executor: Executor, plan: Plan) {
        let cluster = await FakeCluster()
        let observer = ClusterObserver(provider: cluster.provider, images: ReadyImages()) { _ in cluster }
        var limits = Executor.Limits()
        let up = try planner.plan(from: try await observer.observe("demo"))
        cluster.know(up.nodes)
        try await executor(cluster, limits).apply(up)
        if let patience { limits[keyPath: patience] = .milliseconds(300) }
        let plan = try planner.roll(roll, from: try await observer.observe("demo"))
        return (cluster, executor(cluster, limits), plan)
    }

    private func executor(_ cluster: FakeCluster, _ limits: Executor.Limits) -> Executor {
        Executor(
            provider: cluster.provider,
            images: ReadyImages(),
            shell: cluster,
            clusters: cluster,
            limits: limits,
            reaches: { address, _ in cluster.reaches(address) },
            emit: { _ in },
        )
    }

    @Test(arguments: [1, 3])
    func nodesGoDownOneAfterTheOther(atOnce: Int) async throws {
        let (cluster, executor, plan) = try await settled(Roll(atOnce: atOnce))
        let before = cluster.log.count
        try await executor.apply(plan)
        // The semaphore has one place, however many may be away.
        let log = Array(cluster.log.dropFirst(before))
        let offs = stride(from: 0, to: log.count, by: 2).map { log[$0] }
        let ons = stride(from: 1, to: log.count, by: 2).map { log[$0] }
        #expect(offs.allSatisfy { $0.hasPrefix("off demo.") })
        #expect(ons == offs.map { "on" + $0.dropFirst(3) })
        #expect(Set(offs).count == 5)
        #expect(offs.prefix(2).allSatisfy { $0.hasPrefix("off demo.worker-") })
        #expect(cluster.rebootLock.most == 1)
        #expect(cluster.rebootLock.holders.isEmpty)
    }

    @Test func aNodeThatDoesNotComeBackKeepsItsPlaceAndStopsTheRoll() async throws {
        let (cluster, executor, plan) = try await settled(patience: \.etcd)
        cluster.breakNode("worker-1", at: .etcd)
        let failure = await #expect(throws: PlanFailure.self) { try await executor.apply(plan) }
        #expect(failure?.failures.map(\.step.id) == ["node/worker-1/ready"])
        let broken = plan.nodes.first { $0.name == "worker-1" }
        #expect(cluster.rebootLock.holders == broken.map { [$0.machineID] })
        #expect(!cluster.log.contains("off demo.worker-2"))
    }

    @Test func aPlaceThatIsNeverFreeIsSaidAndNothingGoesDown() async throws {
        let (cluster, executor, plan) = try await settled(Roll(nodes: ["worker-2"]), patience: \.rebootPlace)
        _ = try await cluster.rebootLock.take("somebody")
        let failure = await #expect(throws: PlanFailure.self) { try await executor.apply(plan) }
        #expect("\(failure, default: "")".contains("worker-2 found no place in the reboot semaphore"))
        #expect("\(failure, default: "")".contains("somebody has the place"))
        #expect(!cluster.log.contains { $0.hasPrefix("off") })
        #expect(cluster.rebootLock.holders == ["somebody"])
    }
}
