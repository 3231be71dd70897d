import Basics
import CloudConfig
import Diagnostics
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

/// Upgrades of a cluster's nodes, carried out.
@Suite(.timeLimit(.minutes(5)))
struct UpgradingTests {
    private struct ReadyImages: ImageSource {
        func ensure(
            _ digests: ImageDigests,
            progress: @escaping @Sendable (String) -> Void,
        ) async throws -> NodeImagePaths { paths(digests) }
        func paths(_ digests: ImageDigests) -> NodeImagePaths { NodeImagePaths(root: "/root", layer: "/layer") }
        func isPresent(_ digests: ImageDigests) -> Bool { true }
        func isForeign(_ digests: ImageDigests) -> Bool { false }
    }

    private static func topology(members: Int = 3, workers: Int = 2) -> Topology {
        Topology(
            name: "demo",
            network: NetworkSettings(cidr: CIDRv4("10.9.0.0/24") ?? CIDRv4.derived(fromCluster: "demo")),
            roles: [
                Role(name: "central", count: members, etcd: .member),
                Role(name: "worker", count: workers, etcd: .proxy),
            ],
            cloudConfig: CloudConfig(coreos: CoreOS(update: [.rebootStrategy: "etcd-lock"])),
        )
    }

    private func planner(_ roots: [String], _ topology: Topology = topology()) -> Planner {
        var inputs = PlannerInputs.fixed
        inputs.image.root = roots.last ?? "old"
        inputs.roots = roots.enumerated().map { RootVersion(digest: $1, made: Int64($0)) }
        return Planner(topology: topology, inputs: inputs)
    }

    private func observed(_ cluster: FakeCluster) async throws -> Observation {
        try await ClusterObserver(provider: cluster.provider, images: ReadyImages()) { _ in cluster }.observe("demo")
    }

    /// - Parameter limit: of waits; a short one is for what never comes.
    private func executor(_ cluster: FakeCluster, limit: Duration = .seconds(20)) -> Executor {
        var limits = Executor.Limits()
        for wait in [\Executor.Limits.address, \.etcd, \.cloudConfig, \.fleet] { limits[keyPath: wait] = limit }
        limits.failedUnits = .milliseconds(20)
        limits.look = .milliseconds(100)
        return cluster.executor(limits: limits)
    }

    /// A cluster on the old root, and the plan that gives it the new one.
    private func settled(_ topology: Topology = topology()) async throws -> (cluster: FakeCluster, plan: Plan) {
        let cluster = await FakeCluster()
        let up = try planner(["old"], topology).plan(from: try await observed(cluster))
        cluster.know(up.nodes)
        try await executor(cluster).apply(up)
        return (cluster, try await upgrade(of: cluster, topology))
    }

    private func upgrade(of cluster: FakeCluster, _ topology: Topology = topology()) async throws -> Plan {
        try planner(["old", "new"], topology).upgrade(Upgrade(to: .root("new")), from: try await observed(cluster))
    }

    private func roots(_ cluster: FakeCluster) async throws -> [String: String] {
        let nodes = try await cluster.provider.observe().nodes
        return Dictionary(nodes.map { ($0.name, $0.image?.root ?? "none") }) { first, _ in first }
    }

    @Test func everyNodeGetsTheNewRootOneAfterTheOther() async throws {
        let (cluster, plan) = try await settled()
        let before = cluster.log.count
        try await executor(cluster).apply(plan)
        let log = Array(cluster.log.dropFirst(before))
        let offs = stride(from: 0, to: log.count, by: 2).map { log[$0] }
        let ons = stride(from: 1, to: log.count, by: 2).map { log[$0] }
        #expect(offs.count == 5 && ons == offs.map { "on" + $0.dropFirst(3) })
        #expect(Set(try await roots(cluster).values) == ["new"])
        #expect(cluster.rebootLock.most == 1)
        #expect(cluster.rebootLock.holders.isEmpty)
        #expect(try await upgrade(of: cluster).isEmpty)
    }

    @Test(arguments: [FakeCluster.Fault.address, .etcd, .cloudConfig, .fleet])
    func aNodeThatDoesNotComeBackGetsItsOldRoot(fault: FakeCluster.Fault) async throws {
        let (cluster, plan) = try await settled()
        cluster.breakRoot("new", at: fault)
        let hasty = executor(cluster, limit: .seconds(1))
        let failure = await #expect(throws: PlanFailure.self) { try await hasty.apply(plan) }
        #expect(failure?.failures.map(\.step.id) == ["node/worker-1/upgrade"])
        let text = "\(failure, default: "")"
        #expect(
            text.contains("worker-1 did not do well with its new image and is back with the old one: node worker-1:")
        )
        #expect(Set(try await roots(cluster).values) == ["old"])
        #expect(!cluster.log.contains("off demo.worker-2"))
        #expect(cluster.rebootLock.holders.isEmpty)
        // The cluster is as it was, and the same command tries again.
        #expect(try planner(["old", "new"]).plan(from: try await observed(cluster)).isEmpty)
        #expect(try await upgrade(of: cluster).steps.count == plan.steps.count)
        cluster.breakRoot("new", at: nil)
        try await executor(cluster).apply(try await upgrade(of: cluster))
        #expect(Set(try await roots(cluster).values) == ["new"])
    }

    @Test func aUnitThatRanAndFailsBringsTheOldRootBack() async throws {
        let (cluster, plan) = try await settled()
        cluster.breakRoot("new", unit: "cron.service")
        let failure = await #expect(throws: PlanFailure.self) { try await executor(cluster).apply(plan) }
        #expect("\(failure, default: "")".contains("cron.service ran before and has failed"))
        #expect(Set(try await roots(cluster).values) == ["old"])
    }

    // MARK: Nodes that decide themselves

    @Test func aNodeThatWentBackByItselfMeanwhileIsTold() async throws {
        let (cluster, plan) = try await settled()
        cluster.breakRoot("new", at: .etcd)
        let patient = executor(cluster)
        async let applied: Void = patient.apply(plan)
        try await eventually("worker-1 is on trial") {
            let node = NodeReference(cluster: "demo", name: "worker-1", runtime: .container)
            return try await cluster.provider.image(of: node)?.isOnTrial == true
        }
        await cluster.endTrials()
        let failure: PlanFailure?
        do {
            try await applied
            failure = nil
        } catch let error as PlanFailure {
            failure = error
        }
        let text = "\(failure, default: "")"
        #expect(text.contains("is back with the old one: node worker-1: it went back by itself: not well within 300 s"))
        #expect(Set(try await roots(cluster).values) == ["old"])
        #expect(!cluster.log.contains("off demo.worker-2"))
    }

    /// However well slipway finds it: a node that does not find itself well would go back later.
    @Test func aNodeThatDoesNotSayThatItIsWellGetsItsOldRoot() async throws {
        let (cluster, plan) = try await settled()
        cluster.doubtRoot("new")
        var limits = Executor.Limits()
        limits.trial = .milliseconds(200)
        limits.leave = .milliseconds(100)
        let failure = await #expect(throws: PlanFailure.self) {
            try await cluster.executor(limits: limits).apply(plan)
        }
        #expect("\(failure, default: "")".contains("it does not say that it is well"))
        #expect(Set(try await roots(cluster).values) == ["old"])
    }

    // MARK: Staged roots

    private func stage(_ cluster: FakeCluster, _ root: String = "new") async throws -> Plan {
        try planner(["old", "new"]).upgrade(
            Upgrade(to: .root(root), stages: true),
            from: try await observed(cluster)
        )
    }

    @Test func nodesThatWereToldTakeTheRootWhenTheyReboot() async throws {
        let (cluster, _) = try await settled()
        let before = cluster.log.count
        try await executor(cluster).apply(try await stage(cluster))
        #expect(cluster.log.count == before, "nodes go on")
        #expect(Set(try await roots(cluster).values) == ["old"])
        #expect(try await stage(cluster).isEmpty)
        let nodes = try await cluster.provider.observe().nodes
        #expect(nodes.allSatisfy { $0.boot?.staged?.root == "new" })
        for node in nodes { await cluster.provider.reboot(node.domainName) }
        #expect(Set(try await roots(cluster).values) == ["new"])
        // It is what they are, for every other command as well, and the way back is known.
        let seen = try await observed(cluster)
        #expect(try planner(["old", "new"]).plan(from: seen).isEmpty)
        #expect(seen.provider.nodes.allSatisfy { $0.previousRoot == "old" && $0.boot?.staged == nil })
        #expect(seen.provider.nodes.allSatisfy { $0.images.contains { $0.root == "old" } })
        let back = try planner(["old", "new"]).upgrade(Upgrade(to: .previous), from: seen)
        try await executor(cluster).apply(back)
        #expect(Set(try await roots(cluster).values) == ["old"])
        #expect(try planner(["old", "new"]).plan(from: try await observed(cluster)).isEmpty)
    }

    @Test func aNodeThatIsNotWellWithAStagedRootGoesBack() async throws {
        let (cluster, _) = try await settled()
        try await executor(cluster).apply(try await stage(cluster))
        cluster.breakRoot("new", at: .fleet)
        await cluster.provider.reboot("demo.worker-2")
        #expect(try await roots(cluster)["worker-2"] == "new")
        await cluster.endTrials()
        #expect(Set(try await roots(cluster).values) == ["old"])
        await #expect(throws: DiagnosticsError.self) { _ = try await stage(cluster) }
        // The others are still to take it, unless they are told to forget it.
        try await executor(cluster).apply(try await stage(cluster, "old"))
        await cluster.provider.reboot("demo.worker-1")
        #expect(Set(try await roots(cluster).values) == ["old"])
    }

    /// slipway is killed at every moment of a node's way to a bad root: the node comes back with the old one by itself,
    /// and the same command stops there and says why.
    @Test func killedAtEveryStepOfABadRootTheNodeGoesBackByItself() async throws {
        let small = Self.topology(members: 1, workers: 1)
        var (count, retreats) = (0, 0)
        while count < 40 {
            let (cluster, plan) = try await settled(small)
            cluster.breakRoot("new", at: .cloudConfig)
            await cluster.provider.kill(afterSteps: count)
            let hasty = executor(cluster, limit: .milliseconds(300))
            await #expect(throws: (any Error).self) { try await hasty.apply(plan) }
            let isOver = await !cluster.provider.isDead
            await cluster.provider.revive()
            if isOver { break }
            // The host starts what libvirt has as running, or somebody does; then its time is up.
            for node in ["demo.worker-1", "demo.central-1"] { await cluster.provider.bootByHand(node) }
            await cluster.endTrials()
            for holder in cluster.rebootLock.holders { try await cluster.rebootLock.release(holder) }
            #expect(Set(try await roots(cluster).values) == ["old"], "killed after \(count) steps")
            let seen = try await observed(cluster)
            let left = seen.provider.nodes.filter { $0.boot?.retreat != nil }.map(\.name)
            if left.isEmpty {
                let next = try await upgrade(of: cluster, small)
                #expect(next.steps.contains { $0.id == "node/worker-1/upgrade" })
            } else {
                retreats += 1
                #expect(left == ["worker-1"])
                let error = await #expect(throws: DiagnosticsError.self) {
                    _ = try await upgrade(of: cluster, small)
                }
                #expect(error?.diagnostics.first?.message.contains("went back from root") == true)
            }
            // Nothing else is to be done, and once the root is good it is taken.
            cluster.breakRoot("new", at: nil)
            try await executor(cluster).apply(
                try planner(["old", "new"], small).upgrade(
                    Upgrade(to: .root("new"), triesAgain: true),
                    from: try await observed(cluster)
                )
            )
            #expect(Set(try await roots(cluster).values) == ["new"], "killed after \(count) steps")
            #expect(try await observed(cluster).provider.nodes.allSatisfy { $0.boot?.retreat == nil })
            count += 1
        }
        #expect(count > 4 && retreats > 1, "\(count) kills, \(retreats) times back")
    }

    /// Whenever slipway is killed, the same command goes on, and no node is lost.
    @Test func killedAtEveryStepItGoesOn() async throws {
        let small = Self.topology(members: 1, workers: 1)
        var count = 0
        while true {
            let (cluster, plan) = try await settled(small)
            await cluster.provider.kill(afterSteps: count)
            do {
                try await executor(cluster).apply(plan)
                break
            } catch {
                await cluster.provider.revive()
            }
            // A node gives its place back by itself once it is up.
            for holder in cluster.rebootLock.holders { try await cluster.rebootLock.release(holder) }
            try await executor(cluster).apply(try await upgrade(of: cluster, small))
            #expect(Set(try await roots(cluster).values) == ["new"], "killed after \(count) steps")
            #expect(try await upgrade(of: cluster, small).isEmpty)
            count += 1
        }
        #expect(count > 8)
    }
}
