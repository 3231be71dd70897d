import Basics
import CloudConfig
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel

/// Plans that make a cluster from a backup, or put one into a cluster that exists.
@Suite struct RestoreTests {
    private let source = RestoreSource(
        words: "the backup of 2026-11-29T16:05:12Z",
        snapshot: "/staging/members.db",
        size: 20_512,
        legacyKeys: [RestoreSource.LegacyKey(key: "/app", value: "yes", ttl: nil)],
        token: "demo-1234",
        launched: ["hello.service"],
    )

    private func topology() throws -> Topology {
        try Fixture.topology(
            members: 3,
            workers: 1,
            units: [Fixture.unit(), Fixture.unit("stopped.service")],
        )
    }

    private func anew(_ topology: Topology) throws -> Plan {
        var inputs = PlannerInputs.fixed
        inputs.restore = source
        return try Planner(topology: topology, inputs: inputs).plan(from: .nothing)
    }

    /// The cluster of a topology, ready, with these nodes off.
    private func present(_ topology: Topology, off: Set<String> = []) throws -> Observation {
        let nodes = try Fixture.plan(topology).nodes.map { node -> ObservedNode in
            var present = ObservedNode(node)
            present.phase = .ready
            if off.contains(node.name) { present.power = .off }
            return present
        }
        return Observation(provider: ProviderObservation(nodes: nodes))
    }

    @Test func membersThatAreMadeBeginWithTheBackup() throws {
        let plan = try anew(topology())
        #expect(
            plan.outline == """
                image/build: this host has no such image yet
                network/create: does not exist
                node/central-1/create: does not exist < image/build network/create
                node/central-2/create: does not exist < image/build network/create
                node/central-3/create: does not exist < image/build network/create
                etcd/restore/central-1: etcd begins with \(source.words) < node/central-1/create
                etcd/restore/central-2: etcd begins with \(source.words) < node/central-2/create
                etcd/restore/central-3: etcd begins with \(source.words) < node/central-3/create
                etcd/quorum: the members find each other < etcd/restore/central-1 etcd/restore/central-2 \
                etcd/restore/central-3
                etcd/restore/v2: a snapshot does not hold them < etcd/quorum
                node/central-1/ready: it is a member < etcd/restore/central-1
                node/central-2/ready: it is a member < etcd/restore/central-2
                node/central-3/ready: it is a member < etcd/restore/central-3
                node/worker-1/create: does not exist < image/build network/create
                node/worker-1/ready: does not exist < node/worker-1/create
                units/active: they ran when the backup was made < etcd/restore/v2 node/central-1/ready \
                node/central-2/ready node/central-3/ready node/worker-1/ready

                """
        )
        #expect(!plan.isDestructive)
        guard case .awaitUnits(let units) = plan.step("units/active")?.action else {
            Issue.record("no units are awaited")
            return
        }
        #expect(units.map(\.name) == ["hello.service"])
    }

    /// etcd must not begin before it has its keys; and what keeps it from that is no reason to change the node later.
    @Test func aMemberWaitsForItsKeys() throws {
        var topology = try topology()
        let plan = try anew(topology)
        let usual = try Fixture.plan(topology)
        for (node, other) in zip(plan.nodes, usual.nodes) {
            let waits = node.userData.contains("ConditionPathIsDirectory=/var/lib/etcd2/member")
            #expect(waits == (node.etcd == .member), "\(node.name)")
            #expect(node.configDigest == other.configDigest && node.baseDigest == other.baseDigest)
            #expect(!other.userData.contains("ConditionPathIsDirectory"))
        }
        topology.cloudConfig.coreos.etcd2[.dataDir] = "/srv/etcd"
        #expect(try anew(topology).nodes[0].userData.contains("ConditionPathIsDirectory=/srv/etcd/member"))
    }

    /// A renewal has revoked what was issued two generations before; a backup does not bring that back.
    @Test func whatARenewalRevokedStaysRevoked() throws {
        var topology = try topology()
        topology.etcd.tls = true
        var inputs = PlannerInputs.fixed
        inputs.restore = source
        inputs.restore?.certificates = 3
        let plan = try Planner(topology: topology, inputs: inputs).plan(from: .nothing)
        #expect(plan.nodes.allSatisfy { $0.certificates?.number == 3 })
        #expect(try anew(topology).nodes.allSatisfy { $0.certificates?.number == 1 })
    }

    /// The others are lost, whether they are on or off, and are made anew with the same keys: nobody joins.
    @Test func thoseThatAreLostBeginWithTheSurvivor() throws {
        let topology = try topology()
        let planner = Planner(topology: topology, inputs: .fixed)
        var seen = try present(topology, off: ["central-1"])
        // Of one not even the domain is there.
        seen.provider.nodes.removeAll { $0.name == "central-3" }
        let plan = try planner.restore(source, over: seen, survivors: ["central-2"])
        #expect(
            plan.outline == """
                etcd/stop/central-2: its keys are put back
                image/build: this host has no such image yet
                network/create: does not exist
                node/central-1/remove [destroys]: it is lost, and made anew
                node/central-1/create: it is lost, and made anew < node/central-1/remove image/build network/create
                node/central-3/create: it is lost, and made anew < image/build network/create
                etcd/restore/central-2 [destroys]: etcd goes back to \(source.words) < etcd/stop/central-2
                etcd/restore/central-1: etcd begins with \(source.words) < node/central-1/create
                etcd/restore/central-3: etcd begins with \(source.words) < node/central-3/create
                etcd/quorum: the members find each other < etcd/restore/central-2 etcd/restore/central-1 \
                etcd/restore/central-3
                etcd/restore/v2: a snapshot does not hold them < etcd/quorum
                node/central-2/fleet: etcd's revisions went back < etcd/restore/v2
                node/worker-1/fleet: etcd's revisions went back < etcd/restore/v2
                node/central-2/ready: it has another etcd < node/central-2/fleet etcd/restore/v2
                node/worker-1/ready: it has another etcd < node/worker-1/fleet etcd/restore/v2
                node/central-1/ready: it is a member < etcd/restore/central-1
                node/central-3/ready: it is a member < etcd/restore/central-3
                units/active: they ran when the backup was made < node/central-2/ready node/worker-1/ready \
                node/central-1/ready node/central-3/ready

                """
        )
        #expect(plan.madeNodes == ["central-1", "central-3"])
        for name in ["central-1", "central-2", "central-3"] {
            guard
                case .restore(.member(let node, _, let cluster, let isNew)) = plan.step("etcd/restore/\(name)")?.action
            else {
                Issue.record("\(name) gets no keys")
                return
            }
            #expect(cluster.split(separator: ",").count == 3 && isNew == (name != "central-2"))
            #expect(!isNew || node.userData.contains("ConditionPathIsDirectory=/var/lib/etcd2/member"))
        }
    }

    /// Workers, and what runs on them, outlive all members.
    @Test func whereAllMembersHaveLostTheirDisksTheyAreMadeAnew() throws {
        let topology = try topology()
        var seen = try present(topology)
        #expect(seen.survivors(of: "demo") == nil)
        func lose(_ names: Set<String>, _ change: (inout ObservedNode) -> Void = { _ in }) {
            for index in seen.provider.nodes.indices where names.contains(seen.provider.nodes[index].name) {
                (seen.provider.nodes[index].hasStorage, seen.provider.nodes[index].power) = (false, .off)
                change(&seen.provider.nodes[index])
            }
        }
        lose(["central-1"]) { $0.obstacle = .poolAway("storage pool slipway is inactive") }
        #expect(seen.survivors(of: "demo") == nil, "what cannot be seen is not lost")
        lose(["central-1"]) { $0.obstacle = nil }
        #expect(seen.survivors(of: "demo") == ["central-2", "central-3"])
        lose(["central-2", "central-3"])
        let survivors = try #require(seen.survivors(of: "demo"))
        #expect(survivors == [])
        let planner = Planner(topology: topology, inputs: .fixed)
        let plan = try planner.restore(source, over: seen, survivors: survivors)
        let members = ["central-1", "central-2", "central-3"]
        #expect(plan.removedNodes == members && plan.madeNodes == members)
        #expect(plan.ids.contains("node/worker-1/fleet") && plan.ids.contains("node/worker-1/ready"))
    }

    /// Their records name the etcd that is no more.
    @Test func thoseThatAreLostAreMadeAnewAfterwards() throws {
        let topology = try topology()
        var seen = try present(topology, off: ["central-2", "central-3"])
        seen.provider.nodes = seen.provider.nodes.map { node in
            var node = node
            if node.etcd == .member { node.etcdHistory = .joined(node.name == "central-1" ? "b2" : "a1") }
            return node
        }
        let url = try #require(seen.provider.nodes.first?.peerURL)
        let member = ObservedEtcd.Member(id: "1", name: "central-1", peerURLs: [url], healthy: true)
        seen.etcd = ObservedEtcd(members: [member], clusterIDs: ["b2"])
        #expect(throws: DiagnosticsError.self) { try Planner(topology: topology, inputs: .fixed).plan(from: seen) }
        var inputs = PlannerInputs.fixed
        inputs.replaced = ["central-2", "central-3"]
        let plan = try Planner(topology: topology, inputs: inputs).plan(from: seen)
        for name in inputs.replaced {
            #expect(plan.step("node/\(name)/remove")?.cost == .destroys)
            #expect(plan.ids.contains("etcd/add/\(name)"), "\(plan.outline)")
        }
        #expect(!plan.ids.contains("node/central-1/remove"))
    }

    @Test func aClusterThatExistsKeepsItsNodes() throws {
        let topology = try topology()
        let planner = Planner(topology: topology, inputs: .fixed)
        let plan = try planner.restore(source, over: present(topology))
        let stops = "etcd/stop/central-1 etcd/stop/central-2 etcd/stop/central-3"
        #expect(
            plan.outline == """
                etcd/stop/central-1: its keys are put back
                etcd/stop/central-2: its keys are put back
                etcd/stop/central-3: its keys are put back
                etcd/restore/central-1 [destroys]: etcd goes back to \(source.words) < \(stops)
                etcd/restore/central-2 [destroys]: etcd goes back to \(source.words) < \(stops)
                etcd/restore/central-3 [destroys]: etcd goes back to \(source.words) < \(stops)
                etcd/quorum: the members find each other < etcd/restore/central-1 etcd/restore/central-2 \
                etcd/restore/central-3
                etcd/restore/v2: a snapshot does not hold them < etcd/quorum
                node/central-1/fleet: etcd's revisions went back < etcd/restore/v2
                node/central-2/fleet: etcd's revisions went back < etcd/restore/v2
                node/central-3/fleet: etcd's revisions went back < etcd/restore/v2
                node/worker-1/fleet: etcd's revisions went back < etcd/restore/v2
                node/central-1/ready: it has another etcd < node/central-1/fleet etcd/restore/v2
                node/central-2/ready: it has another etcd < node/central-2/fleet etcd/restore/v2
                node/central-3/ready: it has another etcd < node/central-3/fleet etcd/restore/v2
                node/worker-1/ready: it has another etcd < node/worker-1/fleet etcd/restore/v2
                units/active: they ran when the backup was made < node/central-1/ready node/central-2/ready \
                node/central-3/ready node/worker-1/ready

                """
        )
        guard case .restore(.member(_, _, let cluster, let isNew)) = plan.step("etcd/restore/central-2")?.action else {
            Issue.record("central-2 is not restored")
            return
        }
        #expect(!isNew && cluster.hasPrefix("central-1=http://10.9.0.10:2380,central-2=http://10.9.0.11:2380,"))
    }

    @Test func whatIsLostIsCounted() throws {
        let keys: [(key: String, modified: Int64)] = [
            ("/app", 3), ("/new", 12), ("/changed", 14), ("/_coreos.com/fleet/lease", 20), ("slipway/history/1", 19),
        ]
        let loss = RestoreLoss(keys: keys, revision: 20, since: 10)
        #expect(loss.revisions == 10 && loss.keys == 2)
        #expect(loss.sentence.hasPrefix("10 revisions are lost, and with them what was last written to 2 keys"))
        #expect(RestoreLoss(keys: keys, revision: 20, since: 20).sentence == "Nothing was written to etcd since.")
        let other = RestoreLoss(keys: keys, revision: 20, since: nil)
        #expect(other.revisions == nil && other.keys == 3)
        var source = source
        source.loss = loss
        let topology = try topology()
        let plan = try Planner(topology: topology, inputs: .fixed).restore(source, over: present(topology))
        #expect(plan.notes.contains(loss.sentence))
    }

    /// It would come back with the keys that the others no longer have, and find a cluster that is not its own.
    @Test func aMemberThatIsOffIsNotForgotten() throws {
        let topology = try topology()
        let planner = Planner(topology: topology, inputs: .fixed)
        let observed = try present(topology, off: ["central-2"])
        let error = #expect(throws: DiagnosticsError.self) { try planner.restore(source, over: observed) }
        let diagnostic = try #require(error?.diagnostics.first)
        #expect(diagnostic.message.hasPrefix("central-2: members of etcd that are off"))
        #expect(diagnostic.notes.contains { $0.contains("slipway start demo central-2") })
        // A worker may be.
        #expect(try planner.restore(source, over: present(topology, off: ["worker-1"])).ids.contains("etcd/quorum"))
    }

    /// There may be more nodes than the backup knows, and fewer.
    @Test func allMembersThatAreThereGetTheKeys() throws {
        let planner = Planner(topology: Fixture.topology(members: 1, workers: 3), inputs: .fixed)
        let plan = try planner.restore(source, over: present(Fixture.topology(members: 3, workers: 1)))
        let members = ["central-1", "central-2", "central-3"]
        #expect(plan.ids.filter { $0.hasPrefix("etcd/restore/c") } == members.map { "etcd/restore/\($0)" })
        #expect(!plan.ids.contains { $0.contains("worker-2") })
    }
}
