import Basics
import Planning
import Provisioning
import Synchronization
import TestKit
import Testing
import TopologyModel

/// Operators on different hosts who drive the same libvirt.
@Suite(.timeLimit(.minutes(5)))
struct ClusterLeaseTests {
    private let leases = FakeLeases()
    private let notes = Notes()

    private final class Notes: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func take(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func record(_ who: String, renewals: Int = 0, time: Int64 = 1000) -> LeaseRecord {
        LeaseRecord(
            cluster: "demo",
            id: "id of \(who)",
            holder: "\(who): `slipway up`, process 7",
            lock: "lock of \(who)",
            renewals: renewals,
            time: time,
        )
    }

    /// A thousand times as fast as for people.
    private var timing: ClusterLease.Timing {
        var timing = ClusterLease.Timing()
        timing.renewal = .milliseconds(20)
        timing.freshness = .milliseconds(40)
        timing.patience = .seconds(20)
        timing.watch = .milliseconds(150)
        return timing
    }

    private func take(
        _ who: String,
        at time: Int64 = 1000,
        timing: ClusterLease.Timing? = nil,
    ) async throws -> ClusterLease {
        let timing = timing ?? self.timing
        return try await ClusterLease.take(record(who), from: leases, timing: timing, now: { time }) { notes.take($0) }
    }

    @Test func oneAtATimeAndTheOtherIsNamed() async throws {
        let first = try await take("ann@east")
        let refusal = await #expect(throws: ProvisioningError.self) { _ = try await take("bob@west", at: 1003) }
        let said = "cluster 'demo' is being changed by ann@east: `slipway up`, process 7 (renewed 3 s ago)"
        #expect(refusal?.message == said)
        try await first.check()
        try await first.release()
        let second = try await take("bob@west")
        try await second.release()
        #expect(try await leases.lease(of: "demo") == nil)
        #expect(notes.all.isEmpty)
    }

    @Test func whatNobodyRenewsIsTakenOverWithAWord() async throws {
        #expect(try await leases.create(record("ann@east", time: 1000)))
        let lease = try await take("bob@west", at: 1100)
        #expect(notes.all.count == 2 && notes.all[1].hasPrefix("taking over cluster 'demo' from ann@east"))
        #expect(try await leases.lease(of: "demo")?.id == "id of bob@west")
        try await lease.release()
    }

    /// Its clock is an hour slow or fast, and it works.
    @Test(arguments: [-3600, 3600]) func aHolderWithAnotherClockIsLeftAlone(difference: Int64) async throws {
        let first = try await take("ann@east", at: 5000 + difference)
        var timing = timing
        timing.watch = .seconds(30)
        await #expect(throws: ProvisioningError.self) { _ = try await take("bob@west", at: 5000, timing: timing) }
        try await first.check()
        try await first.release()
    }

    /// Who has the lock of the holder's host knows that the holder has ended, without waiting.
    @Test func aKilledCommandIsRunAgainAtOnce() async throws {
        #expect(try await leases.create(record("ann@east", time: 1000)))
        var again = record("ann@east")
        again.id = "another id"
        let begin = ContinuousClock.now
        let lease = try await ClusterLease.take(again, from: leases, timing: timing, now: { 1000 }) { notes.take($0) }
        #expect(ContinuousClock.now - begin < timing.watch && notes.all.isEmpty)
        try await lease.release()
    }

    @Test func whoLostItChangesNothingMore() async throws {
        let first = try await take("ann@east")
        try await leases.remove(record("ann@east"))
        let second = try await take("bob@west")
        try await eventually("the first learns of it") {
            do {
                try await first.check()
                return false
            } catch let error as ProvisioningError {
                return error.message.contains("bob@west: `slipway up`, process 7 has taken it over")
            }
        }
        try await first.release()
        try await second.check()
        try await second.release()
    }

    /// Otherwise it would come back to life while another takes over.
    @Test func aLeaseThatCouldNotBeRenewedIsGivenUp() async throws {
        var timing = timing
        timing.patience = .milliseconds(200)
        let lease = try await take("ann@east", timing: timing)
        await leases.setAway(true)
        try await eventually("it is too old to be renewed") {
            do { try await lease.check() } catch { return true }
            return false
        }
        try await Task.sleep(for: timing.patience)
        await leases.setAway(false)
        let lost = await #expect(throws: ProvisioningError.self) { try await lease.check() }
        #expect(lost?.message.contains("was not renewed for") == true)
    }

    /// What a run tells of itself is with the others soon, and the lease is renewed by it.
    @Test func howFarARunIsIsTold() async throws {
        var timing = timing
        timing.renewal = .seconds(3_600)
        timing.telling = .milliseconds(20)
        let lease = try await take("ann@east", timing: timing)
        for ended in 0...40 { lease.tell(RunProgress(steps: 40, ended: ended)) }
        try await eventually("the last is told") { try await leases.lease(of: "demo")?.progress?.ended == 40 }
        let renewals = try #require(await leases.lease(of: "demo")?.renewals)
        #expect((1...20).contains(renewals), "each was written: \(renewals)")
        try await lease.release()
    }

    @Test func whatIsUnderWayIsWhatHasBegunAndNotEnded() throws {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"))),
            roles: [Role(name: "central", count: 1, etcd: .member)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        let steps = plan.steps.prefix(3)
        var progress = RunProgress(steps: plan.steps.count)
        func title(_ step: Step) -> String { "do \(step.id)" }
        for step in steps { progress.take(.started(step), title: title) }
        progress.take(.progress(step: steps[1].id, text: "half of it"), title: title)
        progress.take(.finished(steps[0], took: .seconds(1)), title: title)
        progress.take(.failed(steps[2], error: CancellationError()), title: title)
        progress.take(.progress(step: steps[0].id, text: "late"), title: title)
        let reached = Event.reached(step: steps[1].id, node: "central-1", rung: .etcd, took: .milliseconds(1500))
        progress.take(reached, title: title)
        var left = RunProgress.Running(id: "\(steps[1].id)", title: "do \(steps[1].id)", detail: "half of it")
        (left.node, left.rungs) = ("central-1", [.etcd])
        var expected = RunProgress(steps: plan.steps.count, ended: 2, failed: 1, running: [left])
        expected.rungs = ["central-1": ["etcd": 1.5]]
        #expect(progress == expected)
    }

    @Test func ofManyOneTakesOver() async throws {
        #expect(try await leases.create(record("dead@south", time: 0)))
        let taken = await withTaskGroup(of: ClusterLease?.self) { group in
            for who in 0..<20 { group.addTask { try? await take("u\(who)@h", at: 1000) } }
            return await group.reduce(into: [ClusterLease]()) { if let lease = $1 { $0.append(lease) } }
        }
        #expect(taken.count == 1)
        for lease in taken { try await lease.release() }
    }

    @Test func aPlanEndsWhereTheLeaseIsLost() async throws {
        let cluster = await FakeCluster()
        let lost = ProvisioningError("lost")
        let executor = Executor(
            provider: cluster.provider,
            images: FakeImages(),
            shell: cluster,
            clusters: cluster,
            check: { throw lost },
            emit: { _ in },
        )
        let steps = [Step("network/remove", .removeNetwork(cluster: "demo"), reason: "")]
        let plan = try Plan(cluster: "demo", purpose: .tearDown, generation: 1, steps: steps)
        await #expect(throws: PlanFailure.self) { try await executor.apply(plan) }
        #expect(await cluster.provider.calls.isEmpty)
    }
}
