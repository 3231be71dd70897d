import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel

/// Changes of etcd's members that once cost a cluster its majority or its data, each interrupted after every step.
@Suite struct SafetyCaseTests {
    private func topology(_ roles: (String, Int, EtcdRole)...) -> Topology {
        var topology = Fixture.topology()
        topology.roles = roles.map { Role(name: $0.0, count: $0.1, etcd: $0.2) }
        return topology
    }

    private func running(_ topology: Topology, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
        -> Simulation
    {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        #expect(cluster.faults == [], sourceLocation: sourceLocation)
        return cluster
    }

    /// Carries out plans until there is nothing to do.
    private func converge(
        _ cluster: inout Simulation,
        _ topology: Topology,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        for _ in 0..<3 {
            let plan = try Fixture.plan(topology, cluster.observed)
            if plan.isEmpty { break }
            cluster.apply(plan)
        }
        #expect(cluster.faults == [], sourceLocation: sourceLocation)
        #expect(try Fixture.plan(topology, cluster.observed).ids == [], sourceLocation: sourceLocation)
    }

    /// Goes from a cluster to a topology, and for each number of steps after which the first run may end.
    private func expectSafe(_ before: Simulation, _ after: Topology) throws {
        let plan = try Fixture.plan(after, before.observed)
        for count in 0...plan.steps.count {
            var cluster = before
            cluster.apply(plan, first: count)
            var early = cluster
            try converge(&cluster, after)
            // The same command, given before a member that was just started says that it runs.
            early.learnersAnswer = false
            early.apply(try Fixture.plan(after, early.observed))
            early.learnersAnswer = true
            try converge(&early, after)
        }
    }

    // MARK: Members that go

    @Test func membersThatBecomeProxiesLeaveEtcdBeforeTheyAreMadeAnew() throws {
        let before = try running(topology(("central", 1, .member), ("extra", 2, .member)))
        let after = topology(("central", 3, .member), ("extra", 2, .proxy))
        let plan = try Fixture.plan(after, before.observed)
        for name in ["extra-1", "extra-2"] {
            let leave = try #require(plan.step("node/\(name)/leave"))
            #expect(leave.needs.contains("etcd/remove/\(name)"), "\(plan.outline)")
        }
        let ordered = ["etcd/healthy/central-3", "etcd/remove/extra-1", "etcd/remove/extra-2"]
        #expect(plan.ids.filter(ordered.contains) == ordered)
        try expectSafe(before, after)
    }

    @Test func membersUnderAnotherRole() throws {
        let before = try running(topology(("central", 1, .member)))
        let after = topology(("core", 1, .member))
        let plan = try Fixture.plan(after, before.observed)
        #expect(
            plan.ids == [
                "etcd/add/core-1", "node/core-1/create", "etcd/promote/core-1", "etcd/healthy/core-1",
                "node/core-1/ready", "etcd/remove/central-1", "node/central-1/leave", "node/central-1/remove",
            ]
        )
        guard case .addMember(_, let endpoints)? = plan.steps.first?.action else {
            Issue.record("core-1 is not announced first")
            return
        }
        #expect(endpoints == ["http://10.9.0.10:2379"], "the member that lives is asked")
        try expectSafe(before, after)
    }

    @Test func aLostMemberIsReplacedUnderAnotherName() throws {
        var before = try running(topology(("central", 3, .member)))
        before.lose("central-3")
        let after = topology(("central", 2, .member), ("core", 1, .member))
        #expect(try Fixture.plan(after, before.observed).ids.first == "etcd/remove/central-3")
        try expectSafe(before, after)
        try expectSafe(before, topology(("central", 2, .member)))
    }

    @Test(arguments: [(1, 3), (3, 1), (3, 5), (5, 3), (1, 2), (2, 1)])
    func membersComeAndGo(_ first: Int, _ second: Int) throws {
        let before = try running(topology(("central", first, .member), ("worker", 1, .proxy)))
        try expectSafe(before, topology(("central", second, .member), ("worker", 1, .proxy)))
    }

    // MARK: Members that were announced and never started

    @Test func aMemberWhoseCloudConfigWasBrokenGetsAMendedOne() throws {
        var cluster = try running(topology(("central", 1, .member)))
        let after = topology(("central", 1, .member), ("core", 2, .member))
        let plan = try Fixture.plan(after, cluster.observed)
        let promotion: Int = try #require(plan.ids.firstIndex(of: "etcd/promote/core-1"))
        cluster.apply(plan, first: promotion)
        cluster.disturb("core-1") { $0.configDigest = "broken" }
        #expect(try Fixture.plan(after, cluster.observed).ids.first == "node/core-1/restart")
        try expectSafe(cluster, after)
        try expectSafe(cluster, topology(("central", 1, .member)))
    }

    /// As a version before announced members: with a vote, so that one of two is no majority.
    private func halfAnnounced(sourceLocation: Testing.SourceLocation = #_sourceLocation) throws -> Observation {
        var observed = try running(topology(("central", 1, .member))).observed
        let only = try #require(observed.etcd?.members.first, sourceLocation: sourceLocation)
        let plan = try Fixture.plan(topology(("central", 2, .member)), observed)
        let second = try #require(plan.nodes.first { $0.name == "central-2" }, sourceLocation: sourceLocation)
        let announced = ObservedEtcd.Member(
            id: "2",
            name: "",
            peerURLs: [second.peerURL],
            started: false,
            healthy: false
        )
        var silent = only
        silent.healthy = false
        observed.etcd = ObservedEtcd(members: [silent, announced])
        observed.fleet = nil
        return observed
    }

    @Test func whatIsMissingForAMajorityIsBooted() throws {
        let plan = try Fixture.plan(topology(("central", 2, .member)), halfAnnounced())
        #expect(plan.ids.prefix(2) == ["node/central-2/create", "etcd/quorum"], "\(plan.outline)")
    }

    @Test func withoutItTheReasonIsTrue() throws {
        let error = #expect(throws: DiagnosticsError.self) {
            try Fixture.plan(topology(("central", 1, .member)), halfAnnounced())
        }
        #expect(
            error?.diagnostics.map(\.message) == [
                "etcd has no majority and cannot get one: the data of 1 of 2 members are there"
            ]
        )
    }

    // MARK: Etcd that does not answer

    @Test func aFailedRestartMakesNoSecondCluster() throws {
        var cluster = try running(topology(("central", 1, .member)))
        // It was given a broken cloud-config: its etcd does not come up, and its phase is that of a node just started.
        cluster.disturb("central-1") { ($0.phase, $0.configDigest, $0.power) = (.started, "broken", .off) }
        let after = topology(("central", 3, .member))
        let plan = try Fixture.plan(after, cluster.observed)
        #expect(plan.ids == ["node/central-1/restart", "etcd/quorum", "node/central-1/ready"])
        #expect(plan.continues && plan.notes.joined().contains("central-2, central-3 follow"))
        try expectSafe(cluster, after)
        // Another role or runtime must not cost the only copy of the data either.
        let renamed = try Fixture.plan(topology(("core", 1, .member)), cluster.observed)
        #expect(!renamed.isDestructive)
        try expectSafe(cluster, topology(("core", 1, .member)))
    }

    @Test func aClusterOfTheVersionBeforeIsAdoptedAsItIs() throws {
        let three = topology(("central", 3, .member))
        var cluster = try running(three)
        for name in ["central-1", "central-2", "central-3"] { cluster.disturb(name) { $0.etcdHistory = .unknown } }
        #expect(try Fixture.plan(three, cluster.observed).ids == [])
        for name in ["central-1", "central-2", "central-3"] { cluster.disturb(name) { $0.power = .off } }
        let plan = try Fixture.plan(topology(("central", 5, .member)), cluster.observed)
        #expect(
            plan.ids.allSatisfy { !$0.contains("central-4") },
            "it has data, so no member is started as a first one"
        )
    }

    @Test func surplusMembersStayWhileEtcdIsSilent() throws {
        var cluster = try running(topology(("central", 3, .member)))
        for name in ["central-1", "central-2", "central-3"] {
            cluster.disturb(name) { ($0.power, $0.phase) = (.off, .started) }
        }
        let one = topology(("central", 1, .member))
        let plan = try Fixture.plan(one, cluster.observed)
        #expect(plan.ids.filter { $0.hasSuffix("start") }.count == 3 && !plan.isDestructive, "\(plan.outline)")
        try expectSafe(cluster, one)
    }

    @Test func aFirstStartIsNotFinishedWithOtherMembers() throws {
        var cluster = Simulation()
        let one = topology(("central", 1, .member))
        cluster.apply(try Fixture.plan(one), first: 3)
        cluster.disturb("central-1") { $0.power = .off }
        let error = #expect(throws: DiagnosticsError.self) {
            try Fixture.plan(topology(("central", 3, .member)), cluster.observed)
        }
        #expect(error?.diagnostics.first?.message.contains("started for other members") == true)
        try expectSafe(cluster, one)
    }

    /// What a first start and a `down` left, both cut short, is removed before others are started: it may run.
    @Test(arguments: [("central", 3), ("core", 1), ("central", 1)])
    func aFirstStartThatWasBeingRemovedIsBegunAnew(_ role: String, _ count: Int) throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology(("central", 2, .member))), first: 3)
        for node in cluster.observed.provider.nodes { cluster.disturb(node.name) { $0.phase = .leaving } }
        let after = topology((role, count, .member))
        let plan = try Fixture.plan(after, cluster.observed)
        let first = try #require(
            plan.steps.first { $0.id.description.hasPrefix("node/") && $0.id.description.hasSuffix("/create") }
        )
        #expect(first.needs.contains("node/central-1/remove"), "\(plan.outline)")
        try expectSafe(cluster, after)
    }

    @Test func twoEtcdClustersAreRefused() throws {
        var observed = try running(topology(("central", 3, .member))).observed
        observed.etcd?.clusterIDs = ["1", "2"]
        let error = #expect(throws: DiagnosticsError.self) {
            try Fixture.plan(topology(("central", 3, .member)), observed)
        }
        #expect(error?.diagnostics.first?.message.contains("etcd clusters") == true)
    }

    @Test func anEtcdWithoutRoomIsToldOfBeforeAnythingIsTouched() throws {
        var observed = try running(topology(("central", 3, .member))).observed
        observed.etcd?.alarms = [ObservedEtcd.Alarm(member: "central-2", kind: "NOSPACE")]
        let error = #expect(throws: DiagnosticsError.self) {
            try Fixture.plan(topology(("central", 3, .member)), observed)
        }
        #expect(error?.diagnostics.first?.message.contains("takes no writes (alarm NOSPACE)") == true)
        #expect(error?.diagnostics.first?.notes.first?.contains("slipway maintain") == true)
    }

    // MARK: The only member

    private func machines(_ count: Int) -> Topology {
        var topology = topology(("central", count, .member))
        topology.roles[0].runtime = .vm
        return topology
    }

    @Test func theOnlyMemberIsNotMadeAnew() throws {
        let before = try running(topology(("central", 1, .member)))
        let error = #expect(throws: DiagnosticsError.self) { try Fixture.plan(machines(1), before.observed) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'central-1' is etcd's only member, so etcd's data would go with it (its runtime changed)"
            ]
        )
    }

    @Test func othersJoinBeforeItIs() throws {
        let before = try running(topology(("central", 1, .member)))
        let plan = try Fixture.plan(machines(3), before.observed)
        let ordered = ["etcd/healthy/central-3", "etcd/remove/central-1"]
        #expect(plan.ids.filter(ordered.contains) == ordered)
        try expectSafe(before, machines(3))
    }

    @Test func aNewerRootImageIsANote() throws {
        let one = topology(("central", 1, .member), ("worker", 1, .proxy))
        var cluster = try running(one)
        var inputs = Fixture.inputs
        inputs.image = ImageDigests(root: "newer", layer: "1ayer")
        #expect(try Planner(topology: one, inputs: inputs).plan(from: cluster.observed).ids == [])
        inputs.image.layer = "newer"
        cluster.change { $0.images.insert(ImageDigests(root: "r00t", layer: "newer")) }
        let plan = try Planner(topology: one, inputs: inputs).plan(from: cluster.observed)
        #expect(plan.steps.filter { $0.cost == .restarts }.count == 2 && !plan.isDestructive)
        #expect(plan.nodes.allSatisfy { $0.image.root == "r00t" })
        let note = "central-1, worker-1 keep an older root image; a node that is made anew gets the newest."
        #expect(plan.notes == [note])
        var named = one
        named.network.names = true
        let notes = try Planner(topology: named, inputs: inputs).plan(from: cluster.observed).notes
        #expect(
            notes == [note, "On central-1, worker-1 the cluster's names resolve only if that root has dnsmasq."]
        )
    }

    // MARK: What others did to nodes and network

    @Test func nodesThatAreNotOnTheirNetworkArePluggedIn() throws {
        let topology = topology(("central", 1, .member))
        var cluster = try running(topology)
        cluster.change { $0.provider.networks[0].unplugged = ["demo.central-1"] }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.steps.first?.id == "network/create" && plan.steps.first?.reason == "not on it: demo.central-1")
        #expect(plan.steps.allSatisfy { $0.cost == .none })
    }

    @Test func aNodeWithoutItsDefinitionIsDefinedAgainWhileItRuns() throws {
        let topology = topology(("central", 3, .member), ("worker", 1, .proxy))
        for name in ["central-2", "worker-1"] {
            var cluster = try running(topology)
            cluster.disturb(name) { $0.isTransient = true }
            let plan = try Fixture.plan(topology, cluster.observed)
            #expect(plan.ids.contains("node/\(name)/create") && plan.steps.allSatisfy { $0.cost == .none })
            try expectSafe(cluster, topology)
        }
    }

    @Test func aDiskThatWouldShrinkIsRefusedUnlessItsNodeIsReplaced() throws {
        var topology = machines(3)
        topology.roles[0].resources.diskGiB = 20
        let cluster = try running(topology)
        topology.roles[0].resources.diskGiB = 10
        let error = #expect(throws: DiagnosticsError.self) { try Fixture.plan(topology, cluster.observed) }
        #expect(error?.diagnostics.first?.message == "the disk of 'central-1' has 20GiB, and its file says 10GiB")
        var inputs = Fixture.inputs
        inputs.replaced = ["central-1", "central-2", "central-3"]
        #expect(try Planner(topology: topology, inputs: inputs).plan(from: cluster.observed).isDestructive)
    }

    // MARK: Workers and units

    @Test func aWorkerGoesWhenWhatReplacesItIsReady() throws {
        let before = try running(topology(("central", 1, .member), ("worker", 1, .proxy)))
        let plan = try Fixture.plan(topology(("central", 1, .member), ("app", 1, .proxy)), before.observed)
        #expect(plan.step("node/worker-1/leave")?.needs == ["node/app-1/ready"])
    }

    @Test func unitsThatLeftTheFileLeaveTheCluster() throws {
        let units = [try Fixture.unit("one.service"), try Fixture.unit("two.service")]
        var cluster = try running(Fixture.topology(units: units))
        cluster.addForeignUnit("theirs.service")
        let plan = try Fixture.plan(Fixture.topology(units: [units[0]]), cluster.observed)
        #expect(plan.ids == ["unit/two.service/remove", "units/active"])
        #expect(plan.steps.first?.reason == "the file does not name it any more")
        cluster.apply(plan)
        #expect(try Fixture.plan(Fixture.topology(units: [units[0]]), cluster.observed).ids == [])
        #expect(cluster.observed.fleet?.units.keys.sorted() == ["one.service", "theirs.service"])
        #expect(try Fixture.plan(Fixture.topology(), cluster.observed).ids == ["unit/one.service/remove"])
    }
}
