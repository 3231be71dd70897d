import Basics
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyModel

@Suite struct PlannerTests {
    @Test func fleetListensOnTheNetworkOnlyWhereTheFileSaysSo() throws {
        var topology = Fixture.topology()
        topology.fleet.tcp = true
        #expect(try Fixture.plan(topology).nodes.allSatisfy { $0.fleet == .tcp && $0.userData.contains(":49153") })
        topology.fleet.tcp = false
        let closed = try Fixture.plan(topology).nodes
        #expect(closed.allSatisfy { $0.fleet == .socket && !$0.userData.contains(":49153") })
        #expect(closed.allSatisfy { $0.userData.contains("fleet.socket") })
    }

    /// A variable of the environment is in one shell and not in the next.
    @Test func whatTheHostAddsIsNoDrift() throws {
        let topology = Fixture.topology()
        var inputs = PlannerInputs.fixed
        let plain = try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
        inputs.registryMirrors = ["http://10.0.0.1:5000"]
        let mirrored = try Planner(topology: topology, inputs: inputs).plan(from: Observation(provider: .init()))
        #expect(mirrored.nodes.allSatisfy { $0.userData.contains("http://10.0.0.1:5000") })
        #expect(mirrored.nodes.map(\.configDigest) == plain.nodes.map(\.configDigest))
        var declared = topology
        declared.docker.registryMirrors = inputs.registryMirrors
        #expect(try Fixture.plan(declared).nodes.map(\.configDigest) != plain.nodes.map(\.configDigest))
    }

    @Test func aFirstUpStartsMembersTogetherAndWaitsForTheirQuorum() throws {
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 1, units: [Fixture.unit()]))
        #expect(
            plan.outline == """
                image/build: this host has no such image yet
                network/create: does not exist
                node/central-1/create: does not exist < image/build network/create
                node/central-2/create: does not exist < image/build network/create
                node/central-3/create: does not exist < image/build network/create
                etcd/quorum: the members find each other < node/central-1/create node/central-2/create node/central-3/create
                node/central-1/ready: it is a member < node/central-1/create
                node/central-2/ready: it is a member < node/central-2/create
                node/central-3/ready: it is a member < node/central-3/create
                node/worker-1/create: does not exist < image/build network/create
                node/worker-1/ready: does not exist < node/worker-1/create
                unit/hello.service: fleet does not have it yet < etcd/quorum node/central-1/ready node/central-2/ready \
                node/central-3/ready node/worker-1/ready
                units/active: the units may have moved < unit/hello.service etcd/quorum node/central-1/ready \
                node/central-2/ready node/central-3/ready node/worker-1/ready

                """
        )
        #expect(!plan.steps.contains { $0.cost == .destroys })
    }

    @Test func aMembersFleetdKnowsTheOtherMembers() throws {
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 1))
        func servers(_ name: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws -> String {
            let lines = try #require(plan.nodes.first { $0.name == name }, sourceLocation: sourceLocation).userData
                .split(separator: "\n")
            return String(try #require(lines.first { $0.contains("etcd_servers:") }, sourceLocation: sourceLocation))
        }
        let others = plan.nodes.filter { $0.etcd == .member && $0.name != "central-2" }.map(\.clientURL)
        let own = try servers("central-2")
        #expect(own.contains((["http://127.0.0.1:2379"] + others).joined(separator: ",")), "\(own)")
        #expect(try !servers("worker-1").contains(others[0]), "a worker's proxy knows them")
    }

    @Test func whoTheOtherMembersAreDoesNotChangeANode() throws {
        let (three, five) = try (Fixture.plan(Fixture.topology(members: 3)), Fixture.plan(Fixture.topology(members: 5)))
        for name in ["central-1", "worker-1"] {
            let digests = [three, five].map { plan in plan.nodes.first { $0.name == name }?.configDigest }
            #expect(digests[0] == digests[1] && digests[0] != nil)
        }
    }

    @Test(arguments: ["laptop", "dev-test", "production"])
    func aFinishedClusterNeedsNothing(name: String) throws {
        let topology = try Fixture.shipped(name)
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        #expect(cluster.faults == [])
        #expect(try Fixture.plan(topology, cluster.observed).ids == [])
    }

    @Test func theSameInputGivesTheSamePlan() throws {
        let topology = Fixture.topology()
        #expect(try Fixture.plan(topology) == Fixture.plan(topology))
    }

    @Test func workersComeAndGo() throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(workers: 2)))
        let more = try Fixture.plan(Fixture.topology(workers: 4), cluster.observed)
        #expect(
            more.ids == ["node/worker-3/create", "node/worker-3/ready", "node/worker-4/create", "node/worker-4/ready"]
        )
        cluster.apply(more)
        let fewer = try Fixture.plan(Fixture.topology(workers: 1), cluster.observed)
        #expect(
            fewer.ids == [
                "fleet/drain", "node/worker-2/leave", "node/worker-2/remove", "node/worker-3/leave",
                "node/worker-3/remove", "node/worker-4/leave", "node/worker-4/remove",
            ]
        )
        #expect(fewer.step("node/worker-3/leave")?.needs == ["fleet/drain"])
        #expect(fewer.step("node/worker-2/remove")?.needs == ["node/worker-2/leave"])
        #expect(fewer.steps.contains { $0.cost == .destroys })
        cluster.apply(fewer)
        #expect(cluster.faults == [])
    }

    @Test func nodesKeepTheirAddressesWhateverElseChanges() throws {
        var cluster = Simulation()
        let topology = Fixture.topology(workers: 2)
        cluster.apply(try Fixture.plan(topology))
        var grown = topology
        grown.roles.append(Role(name: "edge", count: 2, etcd: .proxy))
        let plan = try Fixture.plan(grown, cluster.observed)
        #expect(plan.ids.filter { $0.hasSuffix("create") } == ["node/edge-1/create", "node/edge-2/create"])
        #expect(Set(plan.nodes.map(\.address)).count == 7)
    }

    @Test func membersJoinOneAtATime() throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(members: 1, workers: 0)))
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 0), cluster.observed)
        #expect(
            plan.ids == [
                "etcd/add/central-2", "node/central-2/create", "etcd/promote/central-2", "etcd/healthy/central-2",
                "node/central-2/ready", "etcd/add/central-3", "node/central-3/create", "etcd/promote/central-3",
                "etcd/healthy/central-3", "node/central-3/ready",
            ]
        )
        #expect(plan.step("etcd/add/central-3")?.needs == ["etcd/healthy/central-2"])
        #expect(
            plan.nodes.first { $0.name == "central-3" }?.userData.contains("initial_cluster_state: existing") == true
        )
        cluster.apply(plan)
        #expect(cluster.faults == [])
        #expect(try Fixture.plan(Fixture.topology(members: 3, workers: 0), cluster.observed).isEmpty)
    }

    @Test func membersLeaveEtcdBeforeTheyAreDestroyed() throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(members: 5, workers: 0)))
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 0), cluster.observed)
        #expect(
            plan.ids == [
                "etcd/remove/central-4", "etcd/remove/central-5", "fleet/drain", "node/central-4/leave",
                "node/central-4/remove", "node/central-5/leave", "node/central-5/remove",
            ]
        )
        #expect(plan.step("node/central-4/leave")?.needs == ["etcd/remove/central-4", "fleet/drain"])
        #expect(plan.step("etcd/remove/central-5")?.needs == ["etcd/remove/central-4"])
        cluster.apply(plan)
        #expect(cluster.faults == [])
    }

    @Test func aMemberThatWasWipedIsTakenOutAndComesBackNew() throws {
        var topology = Fixture.topology(workers: 0)
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        cluster.lose("central-2")
        let proposal = try Fixture.plan(topology, cluster.observed)
        #expect(proposal.ids == [] && proposal.lost.map(\.command) == ["slipway replace demo central-2"])
        topology.repair = .automatic
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(
            plan.ids == [
                "etcd/remove/central-2", "etcd/add/central-2", "node/central-2/create", "etcd/promote/central-2",
                "etcd/healthy/central-2", "node/central-2/ready",
            ]
        )
        cluster.apply(plan)
        #expect(cluster.faults == [])
        #expect(try Fixture.plan(Fixture.topology(workers: 0), cluster.observed).isEmpty)
    }

    @Test func withoutAMajorityNothingIsRisked() throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(workers: 0)))
        cluster.lose("central-1")
        cluster.disturb("central-2") { $0.power = .off }
        #expect(try !Fixture.plan(Fixture.topology(workers: 0), cluster.observed).continues, "it is only proposed")
        var topology = Fixture.topology(workers: 0)
        topology.repair = .automatic
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.ids.prefix(2) == ["node/central-2/start", "etcd/quorum"] && plan.continues)
        #expect(
            plan.ids.allSatisfy { !$0.contains("central-1") },
            "the lost one is replaced when etcd has its majority"
        )
        cluster.lose("central-2")
        let error = #expect(throws: DiagnosticsError.self) {
            try Fixture.plan(Fixture.topology(workers: 0), cluster.observed)
        }
        #expect(error?.diagnostics.first?.message.contains("no majority and cannot get one") == true)
    }

    @Test func aHostThatWasRestartedStartsItsNodes() throws {
        var cluster = Simulation()
        let topology = Fixture.topology(workers: 1)
        cluster.apply(try Fixture.plan(topology))
        for name in ["central-1", "central-2", "central-3", "worker-1"] {
            cluster.disturb(name) { $0.power = .off }
        }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.ids.filter { $0.hasSuffix("start") }.count == 4)
        #expect(!plan.steps.contains { $0.cost == .destroys })
    }

    @Test func programsThatChangedRestartNodesOneByOne() throws {
        var cluster = Simulation()
        let topology = Fixture.topology(workers: 2)
        cluster.apply(try Fixture.plan(topology))
        var inputs = Fixture.inputs
        inputs.image.layer = "another"
        let plan = try Planner(topology: topology, inputs: inputs).plan(from: cluster.observed)
        let restarts = plan.steps.filter { $0.cost == .restarts }
        #expect(restarts.count == 5)
        for (earlier, later) in zip(restarts, restarts.dropFirst()) {
            let ready = StepID("\(earlier.id)".replacing("restart", with: "ready"))
            #expect(later.needs.contains(ready), "\(later.id) must wait for \(ready)")
        }
        cluster.apply(plan)
        #expect(cluster.faults == [])
    }

    @Test func whatIsLeftOfACrashIsFinished() throws {
        let topology = Fixture.topology(units: [try Fixture.unit()])
        let whole = try Fixture.plan(topology)
        for count in 0...whole.steps.count {
            var cluster = Simulation()
            cluster.apply(whole, first: count)
            cluster.apply(try Fixture.plan(topology, cluster.observed))
            #expect(cluster.faults == [], "after \(count) steps")
            #expect(try Fixture.plan(topology, cluster.observed).isEmpty, "after \(count) steps")
        }
    }

    @Test func aTeardownTakesAllThereIs() throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(members: 1, workers: 1)))
        let plan = try Planner.tearDown("demo", observed: cluster.observed.provider)
        #expect(
            plan.outline == """
                node/central-1/remove [destroys]: the cluster is taken down
                node/worker-1/remove [destroys]: the cluster is taken down
                network/remove [destroys]: network slipway.demo has no node any more < node/central-1/remove \
                node/worker-1/remove
                cluster/remove: the cluster's directory is empty < node/central-1/remove node/worker-1/remove

                """
        )
        #expect(try Planner.tearDown("other", observed: cluster.observed.provider).isEmpty)
    }

    @Test func aGentleTeardownTakesMembersLastAndTogether() throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(members: 2, workers: 2)))
        let plan = try Planner.tearDown("demo", observed: cluster.observed.provider, gently: true)
        let nodes = plan.steps.prefix(4)
        #expect(nodes.map(\.id) == ["worker-1", "worker-2", "central-1", "central-2"].map { "node/\($0)/remove" })
        let workers: [StepID] = ["node/worker-1/remove", "node/worker-2/remove"]
        #expect(nodes.map(\.needs) == [[], [], workers, workers])
        #expect(plan.lastMembers.keys.sorted() == ["central-1", "central-2"])
    }
}
