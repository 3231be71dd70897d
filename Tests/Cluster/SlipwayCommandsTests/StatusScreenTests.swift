import Etcd
import Planning
import Provisioning
import Terminal
import TestKit
import Testing
import TopologyModel

@testable import SlipwayCommands

/// The screen of `status --watch`.
@Suite struct StatusScreenTests {
    private static let now = 1_795_651_400.25

    private func look(workerIsOff: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) throws -> HostLook {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            roles: [Role(name: "central", count: 1, etcd: .member), Role(name: "worker", count: 2, etcd: .proxy)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        var nodes = plan.nodes.map { ObservedNode($0, phase: .ready) }
        if workerIsOff { nodes[1].power = .off }
        let peer = try #require(nodes[0].peerURL, sourceLocation: sourceLocation)
        let member = ObservedEtcd.Member(
            id: "1",
            name: "central-1",
            peerURLs: [peer],
            started: true,
            healthy: true,
            learner: false,
        )
        var seen = Observation(provider: ProviderObservation(nodes: nodes))
        seen.etcd = ObservedEtcd(members: [member], clusterIDs: ["c1"])
        let machines = nodes.filter { $0.power == .running }.map { Identity.machineID(cluster: "demo", node: $0.name) }
        seen.fleet = ObservedFleet(machines: Set(machines), units: [:])
        let status = MemberStatus(
            member: MemberID(1),
            cluster: "c1",
            leader: MemberID(1),
            version: "3.4.23",
            revision: 7,
            raftTerm: 2,
            raftIndex: 19,
            databaseSize: 20_480,
        )
        return HostLook(clusters: ["demo": ClusterLook(seen, members: ["central-1": status])])
    }

    private func text(_ screen: StatusScreen, rows: Int) -> String {
        screen.lines(rows: rows, style: .plain, now: Self.now).dropLast().map { $0 + "\n" }.joined()
    }

    @Test func showsWhatIsWhatItCostsAndWhatHappened() throws {
        var screen = StatusScreen(cluster: "demo")
        screen.see(try look(), at: Self.now)
        #expect(screen.moments.isEmpty, "what was there before has not happened")
        for milliseconds in [1.2, 3, 80, 2.5] {
            screen.samples.add(latencies: ["central-1": milliseconds], load: milliseconds / 10)
        }
        screen.see(try look(workerIsOff: true), at: Self.now)
        #expect(screen.moments.map(\.change.text).contains("is off"))
        screen.samples.add(latencies: ["central-1": Double?.none], load: 0.5)
        // Times are where the host is.
        let zoneless = text(screen, rows: 24).replacing(JournalPrinter.time(Self.now), with: "TIME")
        try Golden.expect(zoneless, "status-screen.txt")
        for rows in [3, 8, 12, 40] {
            #expect(screen.lines(rows: rows, style: .plain, now: Self.now).count == rows)
        }
    }

    @Test func showsHowFarACommandIs() throws {
        var host = try look()
        var lease = LeaseRecord(cluster: "demo", id: "1", holder: "ann@east: `slipway up`", lock: "", time: 0)
        let running = ["worker-1", "worker-2"].map {
            RunProgress.Running(id: $0, title: "\($0) ready", detail: $0 == "worker-1" ? "ssh answers" : "")
        }
        lease.progress = RunProgress(steps: 9, ended: 4, failed: 1, running: running)
        host.clusters["demo"]?.lease = lease
        var screen = StatusScreen(cluster: "demo")
        screen.see(host, at: Self.now)
        let lines = screen.lines(rows: 24, style: .plain, now: Self.now)
        #expect(lines[1] == "ann@east: `slipway up` changes it now: 4 of 9 steps, 1 failed")
        #expect(lines[2...3] == ["  worker-1 ready ssh answers", "  worker-2 ready"])
    }

    /// Until its members have been asked, etcd is neither well nor lost, and the first answer is no change.
    @Test func nothingIsSaidOfAnEtcdThatWasNotAsked() throws {
        var before = try look()
        before.clusters["demo"]?.isAsked = false
        before.clusters["demo"]?.observation.etcd = nil
        var screen = StatusScreen(cluster: "demo")
        screen.see(before, at: Self.now)
        #expect(text(screen, rows: 24).hasPrefix("Cluster demo: looking …"))
        screen.see(try look(), at: Self.now)
        #expect(screen.moments.isEmpty)
        var lost = try look()
        lost.clusters["demo"]?.observation.etcd = nil
        screen.see(lost, at: Self.now)
        #expect(screen.moments.map(\.change.text) == ["has no quorum"])
    }

    @Test func aMemberThatIsGoneHasNoLine() throws {
        var samples = StatusScreen.Samples()
        for _ in 1...100 { samples.add(latencies: ["a": 1, "b": Double?.none], load: nil) }
        #expect(samples.latencies["a"]?.count == StatusScreen.Samples.most)
        #expect(samples.loads.isEmpty)
        samples.add(latencies: ["a": 2], load: nil)
        #expect(samples.latencies["b"] == nil)
    }

    @Test func whatCannotBeLookedAtIsAsItWas() throws {
        var screen = StatusScreen(cluster: "demo")
        screen.see(try look(), at: Self.now)
        screen.see(HostLook(trouble: "libvirt is away"), at: Self.now)
        #expect(text(screen, rows: 24).contains("as it was last seen: libvirt is away"))
        screen.see(HostLook(), at: Self.now)
        #expect(screen.look == nil)
    }
}
