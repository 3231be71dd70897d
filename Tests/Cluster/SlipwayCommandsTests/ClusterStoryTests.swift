import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

@testable import SlipwayCommands

/// What `slipway events` tells of the looks at a cluster.
struct ClusterStoryTests {
    private func observation() throws -> Observation {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            roles: [Role(name: "core", count: 1, etcd: .member), Role(name: "worker", count: 1, etcd: .proxy)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        var nodes = plan.nodes.map { ObservedNode($0, phase: .ready) }
        for index in nodes.indices { nodes[index].power = .running }
        var observation = Observation(provider: ProviderObservation(nodes: nodes, networks: []))
        observation.fleet = ObservedFleet(machines: ["a"], units: [:])
        return observation
    }

    private func look(_ observation: Observation, isAsked: Bool = true) -> HostLook {
        HostLook(clusters: ["demo": ClusterLook(observation, isAsked: isAsked)])
    }

    @Test("what changed since the last look is told once, and what a look did not find out stays")
    func changes() throws {
        let first = try observation()
        var story = ClusterStory(of: "demo", from: first)
        #expect(story.take(look(first)) == .init())
        var seen = first
        seen.provider.nodes[1].power = .off
        seen.fleet = nil
        #expect(story.take(look(seen)).changes.map { "\($0.name) \($0.text)" } == ["worker-1 is off"])
        seen.fleet = ObservedFleet(machines: ["a", "b"], units: [:])
        #expect(story.take(look(seen)).changes.map(\.subject) == [.machine])
        #expect(story.take(look(seen)) == .init())
    }

    @Test("a host that cannot be looked at is told once, and what was seen meanwhile is not news")
    func trouble() throws {
        let first = try observation()
        var story = ClusterStory(of: "demo", from: first)
        let silent = HostLook(clusters: [:], trouble: "libvirtd does not answer")
        #expect(story.take(silent) == .init(trouble: "libvirtd does not answer"))
        #expect(story.take(silent) == .init())
        #expect(story.take(look(first)) == .init())
        #expect(story.take(silent).trouble != nil)
    }

    @Test("a cluster that is gone ends it")
    func gone() throws {
        let first = try observation()
        var story = ClusterStory(of: "demo", from: first)
        let last = story.take(HostLook())
        #expect(last.isOver)
        #expect(last.changes.filter { $0.subject == .node }.map(\.name) == ["core-1", "worker-1"])
    }

    @Test("etcd that was not asked yet is not taken for silent")
    func unasked() throws {
        var first = try observation()
        first.etcd = ObservedEtcd(members: [.init(id: "1", name: "core-1", peerURLs: ["http://a:2380"], healthy: true)])
        var story = ClusterStory(of: "demo", from: first)
        var unasked = first
        unasked.etcd = nil
        #expect(story.take(look(unasked, isAsked: false)) == .init())
        #expect(story.take(look(first)) == .init())
        #expect(story.take(look(unasked)).changes.map(\.text) == ["has no quorum"])
    }
}
