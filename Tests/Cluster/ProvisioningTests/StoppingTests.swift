import Basics
import Planning
import Provisioning
import SecureShell
import Synchronization
import TestKit
import Testing
import TopologyModel

/// How nodes are shut down that are changed or removed, and what is said of it.
@Suite(.timeLimit(.minutes(5)))
struct StoppingTests {
    /// A node's answer to whatever it is told.
    private struct Shell: NodeShell {
        let answer: @Sendable () throws -> SSHClient.Output

        func run(_ command: String, input: String?, on node: String, at address: IPv4Address, deadline: Duration)
            async throws
            -> SSHClient.Output
        { try answer() }
    }

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        func take(_ event: Event) {
            let line: String? =
                switch event {
                case .progress(let step, let text): "\(step): \(text)"
                case .warning(let step, let text): "\(step): warning: \(text)"
                case .failed(let step, is CancellationError): "\(step.id) interrupted"
                case .failed(let step, _): "\(step.id) failed"
                default: nil
                }
            if let line { lines.withLock { $0.append(line) } }
        }
    }

    private func executor(
        _ cluster: FakeCluster,
        _ log: Log,
        shutdown: Duration = .seconds(120),
        shell: (any NodeShell)? = nil,
    ) -> Executor {
        cluster.executor(shell: shell, limits: Executor.Limits(shutdown: shutdown)) { log.take($0) }
    }

    /// A cluster of one node that runs.
    private func cluster(_ log: Log) async throws -> FakeCluster {
        let cluster = await FakeCluster()
        let planner = Planner(
            topology: Topology(
                name: "demo",
                network: NetworkSettings(cidr: CIDRv4("10.9.0.0/24") ?? CIDRv4.derived(fromCluster: "demo")),
                roles: [Role(name: "central", count: 1, etcd: .member)],
            ),
            inputs: .fixed,
        )
        let plan = try planner.plan(from: Observation(provider: try await cluster.provider.observe()))
        cluster.know(plan.nodes)
        try await executor(cluster, Log()).apply(plan)
        return cluster
    }

    /// Calls on nodes as they are taken down.
    private func calls(_ cluster: FakeCluster) async -> [String] {
        await cluster.provider.calls.map(\.name).filter { ["stop", "powerOff", "remove"].contains($0) }
    }

    @Test func whatGoesIsAskedFirst() async throws {
        let log = Log()
        let cluster = try await cluster(log)
        await cluster.provider.setStopTime(.seconds(100), of: "demo.central-1")
        let plan = try Planner.tearDown("demo", observed: try await cluster.provider.observe())
        try await executor(cluster, log).apply(plan)
        #expect(await calls(cluster) == ["stop", "remove"])
        #expect(log.all == ["node/central-1/remove: shutting down"])
    }

    @Test func aCutIsSaid() async throws {
        let log = Log()
        let cluster = try await cluster(log)
        await cluster.provider.setStopTime(.seconds(121), of: "demo.central-1")
        let plan = try Planner.tearDown("demo", observed: try await cluster.provider.observe())
        try await executor(cluster, log).apply(plan)
        #expect(await calls(cluster) == ["stop", "powerOff", "remove"])
        let lines = ["node/central-1/remove: shutting down", "node/central-1/remove: warning: power cut after 120 s"]
        #expect(log.all == lines)
    }

    /// A node that leaves and cannot be asked is taken off the list, and why it was not asked is said.
    @Test func aNodeThatCannotBeAskedToLeaveIsSaid() async throws {
        let log = Log()
        let cluster = try await cluster(log)
        let address = IPv4Address(number: 0x0A09_000B)
        let action = Action.leaveFleet(node: "worker-1", machineID: "m", address: address)
        let step = Step("node/worker-1/leave", action, reason: "")
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: [step])
        let shell = Shell { throw SSHError(.connection, "no host key") }
        try await executor(cluster, log, shell: shell).apply(plan)
        let refusing = Shell { SSHClient.Output(exitCode: 1, standardError: "sudo: no\n") }
        try await executor(cluster, log, shell: refusing).apply(plan)
        let said = log.all.map { $0.replacing("node/worker-1/leave: ", with: "") }
        let way = "taking it off fleet's list"
        let warning = "warning: fleetd on worker-1 was not asked to leave"
        let ask = "asking fleetd to leave"
        #expect(said == [ask, "\(warning): no host key", way, ask, "\(warning): sudo: no", way])
    }

    @Test func aNodeLeavesFleetWithoutALogin() async throws {
        let log = Log()
        let cluster = try await cluster(log)
        let node = try #require(cluster.knownNodes.first)
        let action = Action.leaveFleet(node: node.name, machineID: node.machineID, address: node.address)
        let step = Step("node/central-1/leave", action, reason: "")
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: [step])
        let logins = cluster.logins
        try await executor(cluster, log).apply(plan)
        #expect(log.all == ["node/central-1/leave: asking fleetd to leave"])
        #expect(cluster.logins == logins)
        #expect(try await cluster.fleet([]).observe().machines.isEmpty)
    }

    @Test func stepsThatAnotherEndsAreNoFailures() async throws {
        let log = Log()
        let cluster = await FakeCluster()
        let failure = ProvisioningError("no luck")
        let images = ImageDigests(root: "a", layer: "b")
        let other = ImageDigests(root: "c", layer: "d")
        let steps = [
            Step("slow", .buildImage(images), reason: ""), Step("broken", .buildImage(other), reason: ""),
        ]
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps)
        let executor = Executor(
            provider: cluster.provider,
            images: EndlessImages(failing: other, failure: failure),
            shell: cluster,
            clusters: cluster,
            emit: { log.take($0) },
        )
        let failures = await #expect(throws: PlanFailure.self) { try await executor.apply(plan) }
        #expect(failures?.failures.map(\.step.id) == ["broken"])
        #expect(log.all == ["broken failed", "slow interrupted"])
    }

    /// Ctrl-C while a boot waits for the host: the step under way comes to its end, no other begins, and the host's
    /// load is not read again and again until then.
    @Test func aRunThatIsStoppedBeginsNothingMore() async throws {
        let cluster = try await cluster(Log())
        let readings = Mutex(0)
        let readingsAfter = Mutex(0)
        let started = Mutex<[StepID]>([])
        let (beginnings, beginning) = AsyncStream.makeStream(of: Void.self)
        let steps = ["central-1", "central-2"].map { name in
            let node = NodeReference(cluster: "demo", name: name, runtime: .container)
            return Step("node/\(name)/start", .startNode(node), reason: "it is powered off")
        }
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps)
        let executor = Executor(
            provider: cluster.provider,
            images: FakeImages(),
            shell: cluster,
            clusters: cluster,
            boots: BootBound(processors: 1),
            load: {
                readings.withLock { $0 += 1 }
                return HostLoad(processors: 1, runnable: 1000, availableMiB: 10_000)
            },
            check: {
                beginning.yield()
                // It ends when the task is cancelled, and this step goes on all the same.
                do { try await Task.sleep(for: .seconds(3600)) } catch {}
                let before = readings.withLock { $0 }
                for _ in 0..<1000 { await Task.yield() }
                let more = readings.withLock { $0 } - before
                readingsAfter.withLock { $0 += more }
            },
            emit: { if case .started(let step) = $0 { started.withLock { $0.append(step.id) } } },
        )
        let run = Task { try await executor.apply(plan) }
        for await _ in beginnings { break }
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        #expect(started.withLock { $0 } == ["node/central-1/start"])
        // One may have been under way.
        #expect(readingsAfter.withLock { $0 } <= 1)
    }

    /// One image fails; the making of any other lasts until it is cancelled, and ends with an error of its own.
    private struct EndlessImages: ImageSource {
        let failing: ImageDigests
        let failure: ProvisioningError

        func ensure(
            _ digests: ImageDigests,
            progress: @escaping @Sendable (String) -> Void,
        ) async throws -> NodeImagePaths {
            if digests == failing { throw failure }
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                throw ProvisioningError("mmdebstrap was killed")
            }
            return paths(digests)
        }
        func paths(_ digests: ImageDigests) -> NodeImagePaths { NodeImagePaths(root: "/root", layer: "/layer") }
        func isPresent(_ digests: ImageDigests) -> Bool { false }
        func isForeign(_ digests: ImageDigests) -> Bool { false }
    }
}
