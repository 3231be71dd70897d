import Basics
import Planning
import Provisioning
import Synchronization
import TestKit
import Testing
import TopologyModel

/// Snapshots that are made and gone back to, on fakes that fail and die at every moment.
@Suite(.timeLimit(.minutes(5)))
struct SnapshotTests {
    private let reference = SnapshotReference(cluster: "demo", name: "base")

    private static func topology(workers: Int = 1) -> Topology {
        Topology(
            name: "demo",
            network: NetworkSettings(cidr: CIDRv4("10.9.0.0/24") ?? CIDRv4.derived(fromCluster: "demo")),
            roles: [
                Role(name: "central", count: 1, etcd: .member), Role(name: "worker", count: workers, etcd: .proxy),
            ],
        )
    }

    private func settled(workers: Int = 1) async throws -> FakeCluster {
        let cluster = await FakeCluster()
        let observed = Observation(provider: try await cluster.provider.observe(), images: [PlannerInputs.fixed.image])
        let plan = try Planner(topology: Self.topology(workers: workers), inputs: .fixed).plan(from: observed)
        cluster.know(plan.nodes)
        try await cluster.executor().apply(plan)
        for node in plan.nodes { await cluster.provider.write("before", on: NodeReference(node)) }
        return cluster
    }

    @discardableResult
    private func save(
        _ cluster: FakeCluster,
        _ reference: SnapshotReference? = nil,
        say: @escaping @Sendable (String) -> Void = { _ in },
    ) async throws -> ClusterSnapshot {
        let save = SnapshotSave(provider: cluster.provider, limit: .seconds(10), watch: { try await $1() }, say: say)
        let seen = try await cluster.provider.observe()
        return try await save.save(reference ?? self.reference, of: seen, now: 1_795_968_312)
    }

    private func plan(_ cluster: FakeCluster, _ snapshot: ClusterSnapshot) async throws -> Plan {
        let seen = try await cluster.provider.observe()
        return try Planner.restore(snapshot, over: Observation(provider: seen, images: Set(snapshot.images)))
    }

    private func change(_ cluster: FakeCluster) async {
        for node in cluster.knownNodes { await cluster.provider.write("after", on: NodeReference(node)) }
    }

    private func requireRunning(
        _ cluster: FakeCluster,
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let nodes = try await cluster.provider.observe().nodes
        #expect(nodes.count == 2 && nodes.allSatisfy { $0.power == .running }, comment, sourceLocation: sourceLocation)
    }

    @Test func nodesStandStillAndRunOn() async throws {
        let cluster = try await settled()
        let before = await cluster.provider.calls.count
        let snapshot = try await save(cluster)
        let calls = await cluster.provider.calls.dropFirst(before).map(\.name)
        #expect(
            calls == [
                "beginSnapshot", "saveEarly", "saveEarly", "freeze", "freeze", "saveNode", "saveNode", "thaw", "thaw",
                "completeSnapshot",
            ]
        )
        #expect(snapshot.nodes.map(\.node.name) == ["central-1", "worker-1"])
        #expect(snapshot.nodes.allSatisfy { $0.node.power == .running && $0.bytes == 6 })
        try await requireRunning(cluster)
        #expect(await cluster.provider.kept == [snapshot])
        await #expect(throws: ProviderError.self) { try await save(cluster) }
    }

    @Test func theClusterIsAsItWas() async throws {
        let cluster = try await settled()
        let snapshot = try await save(cluster)
        await change(cluster)
        try await cluster.executor().apply(try await plan(cluster, snapshot))
        #expect(Set(await cluster.provider.disks.values) == ["before"])
        try await requireRunning(cluster)
        #expect(try await cluster.provider.observe().nodes.allSatisfy { $0.phase == .ready })
        #expect(await cluster.provider.restoring.isEmpty)
        #expect(await cluster.provider.kept.count == 1)
    }

    @Test func aClusterThatIsGoneComesBack() async throws {
        let cluster = try await settled()
        let snapshot = try await save(cluster)
        let down = try Planner.tearDown("demo", observed: try await cluster.provider.observe(), keepsSnapshots: true)
        try await cluster.executor().apply(down)
        #expect(try await cluster.provider.observe().nodes.isEmpty)
        try await cluster.executor().apply(try await plan(cluster, snapshot))
        try await requireRunning(cluster)
        let end = try Planner.tearDown("demo", observed: try await cluster.provider.observe())
        try await cluster.executor().apply(end)
        #expect(await cluster.provider.isClean)
    }

    /// Whatever fails, the nodes run on and there is no snapshot, and the next one is made.
    @Test(arguments: ["saveEarly", "freeze", "saveNode", "completeSnapshot"])
    func whatFailsLeavesNothing(call: String) async throws {
        let cluster = try await settled()
        let subject = call == "completeSnapshot" ? "base" : "demo.worker-1"
        await cluster.provider.fail(call, subject, with: ProviderError(.failed, "no room on the disk"))
        let error = await #expect(throws: ProviderError.self) { try await save(cluster) }
        #expect(error?.message == "no room on the disk")
        try await requireRunning(cluster)
        #expect(await cluster.provider.kept.isEmpty)
        #expect(await cluster.provider.drafts.isEmpty)
        try await save(cluster)
    }

    /// Killed at any moment, what there is of it is no snapshot, and the next one makes all of it anew.
    @Test func aSaveThatIsKilledIsNoSnapshot() async throws {
        let whole = try await settled()
        let before = await whole.provider.steps
        try await save(whole)
        let count = await whole.provider.steps - before
        #expect(count == 11)
        for moment in 0..<count {
            let cluster = try await settled()
            await cluster.provider.kill(afterSteps: moment)
            await #expect(throws: (any Error).self, "at \(moment)") { try await save(cluster) }
            await cluster.provider.revive()
            #expect(await cluster.provider.kept.isEmpty, "at \(moment)")
            // The process that watches does this.
            for node in try await cluster.provider.observe().nodes {
                try await cluster.provider.thaw(NodeReference(node))
            }
            try await requireRunning(cluster, "at \(moment)")
            try await save(cluster)
            #expect(await cluster.provider.drafts.isEmpty, "at \(moment)")
            #expect(await cluster.provider.kept.count == 1, "at \(moment)")
        }
    }

    @Test func aSaveThatIsStoppedLeavesNothing() async throws {
        let cluster = try await settled()
        let (words, word) = AsyncStream.makeStream(of: String.self)
        let task = Task { try await save(cluster) { word.yield($0) } }
        for await text in words where text.contains("stand still") {
            task.cancel()
            break
        }
        // It may have come to its end before it was stopped.
        let result = await task.result
        try await requireRunning(cluster)
        #expect(await cluster.provider.drafts.isEmpty)
        if case .failure = result { #expect(await cluster.provider.kept.isEmpty) }
    }

    /// Killed at any moment, the cluster is as before, or says that it is not whole, and the same command ends it.
    @Test func aRestoreThatIsKilledIsToldAndGoesOn() async throws {
        let whole = try await settled()
        let first = try await save(whole)
        let before = await whole.provider.steps
        try await whole.executor().apply(try await plan(whole, first))
        let count = await whole.provider.steps - before
        #expect(count > 10)
        for moment in 0..<count {
            let cluster = try await settled()
            let snapshot = try await save(cluster)
            await change(cluster)
            let restore = try await plan(cluster, snapshot)
            await cluster.provider.kill(afterSteps: moment)
            await #expect(throws: (any Error).self, "at \(moment)") { try await cluster.executor().apply(restore) }
            await cluster.provider.revive()
            let disks = Set(await cluster.provider.disks.values)
            let isToldOf = try await cluster.provider.observe().cutRestore(of: "demo") != nil
            #expect(disks.count == 1 || isToldOf, "at \(moment): \(disks)")
            try await cluster.executor().apply(try await plan(cluster, snapshot))
            #expect(Set(await cluster.provider.disks.values) == ["before"], "at \(moment)")
            try await requireRunning(cluster, "at \(moment)")
            #expect(try await cluster.provider.observe().cutRestore(of: "demo") == nil, "at \(moment)")
        }
    }

    /// A copy that takes too long is given up, and says what may be done about it.
    @Test func nodesDoNotStandStillForLong() async throws {
        let cluster = try await settled()
        let seen = try await cluster.provider.observe()
        await cluster.provider.setCopyTime(.seconds(60))
        let save = SnapshotSave(
            provider: cluster.provider,
            limit: .milliseconds(50),
            watch: { try await $1() },
            say: { _ in }
        )
        let error = await #expect(throws: ProvisioningError.self) { try await save.save(reference, of: seen, now: 0) }
        #expect(error?.message.contains("not done within 50 ms") == true)
        try await requireRunning(cluster)
        #expect(await cluster.provider.kept.isEmpty)
        #expect(await cluster.provider.drafts.isEmpty)
    }
}
