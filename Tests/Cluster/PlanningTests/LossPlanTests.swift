import Basics
import Diagnostics
import TestKit
import Testing
import TopologyModel

@testable import Planning

/// Lost nodes beside what an earlier run began and what the file asks for anew.
@Suite struct LossPlanTests {
    /// A cluster of one member, of which `up` with three was cut short when the second had started.
    private func joining(showsEtcdLogs: Bool = true, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws
        -> Simulation
    {
        var cluster = Simulation()
        cluster.showsEtcdLogs = showsEtcdLogs
        cluster.apply(try Fixture.plan(Fixture.topology(members: 1, workers: 0)))
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 0), cluster.observed)
        let made = try #require(plan.ids.firstIndex(of: "node/central-2/create"), sourceLocation: sourceLocation)
        cluster.apply(plan, first: made + 1)
        return cluster
    }

    private func ends(
        _ cluster: inout Simulation,
        _ topology: Topology,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws -> Plan {
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.lost == [], sourceLocation: sourceLocation)
        cluster.apply(plan)
        #expect(cluster.faults == [], sourceLocation: sourceLocation)
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty, sourceLocation: sourceLocation)
        return plan
    }

    /// A member without a vote is none that the others lack: going on with it needs no `repair: automatic`.
    @Test(arguments: RepairPolicy.allCases)
    func aJoiningThatWasCutShortIsBegunAnew(repair: RepairPolicy) throws {
        var topology = Fixture.topology(members: 3, workers: 0)
        topology.repair = repair
        let accidents: [(inout Simulation) -> Void] = [
            { $0.lose("central-2") },
            { $0.spoil("central-2") },
            { $0.disturb("central-2") { ($0.hasStorage, $0.power) = (false, .off) } },
            {
                $0.disturb("central-2") {
                    ($0.hasStorage, $0.power, $0.obstacle) = (false, .off, .damaged(path: "/node.json", reason: ""))
                }
            },
        ]
        for accident in accidents {
            var cluster = try joining()
            accident(&cluster)
            let plan = try ends(&cluster, topology)
            #expect(plan.ids.first == "etcd/remove/central-2")
            #expect(plan.emptyRepair == nil)
        }
    }

    /// Of an etcd that never was seen whole, and whose only witness cannot be read, nothing is thrown away.
    @Test(arguments: RepairPolicy.allCases)
    func whatCannotBeReadMayBeAllThatThereIs(repair: RepairPolicy) throws {
        var topology = Fixture.topology(members: 1, workers: 0)
        topology.repair = repair
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        cluster.disturb("central-1") {
            ($0.hasStorage, $0.hasDomain, $0.power) = (false, false, .off)
            ($0.etcd, $0.etcdHistory) = (.none, .unknown)
            $0.obstacle = .damaged(path: "/node.json", reason: "it is empty")
        }
        var observed = cluster.observed
        observed.etcd = nil
        let error = #expect(throws: DiagnosticsError.self) { try Fixture.plan(topology, observed) }
        #expect("\(error as Any)".contains("/node.json"))
    }

    /// A repair asks unless there is nothing left to lose.
    @Test func whatIsLeftOfANodeIsAskedFor() throws {
        var topology = Fixture.topology(members: 3, workers: 1)
        topology.repair = .automatic
        var whole = Simulation()
        whole.apply(try Fixture.plan(topology))
        let cases: [(asks: Bool, change: (inout ObservedNode) -> Void)] = [
            (false, { ($0.hasStorage, $0.power) = (false, .off) }),
            (true, { ($0.hasStorage, $0.power, $0.hasRemains) = (false, .off, true) }),
            (true, { ($0.hasStorage, $0.power) = (false, .running) }),
        ]
        for (asks, change) in cases {
            var cluster = whole
            cluster.disturb("worker-1", change)
            let plan = try Fixture.plan(topology, cluster.observed)
            #expect(plan.removedNodes == ["worker-1"])
            #expect((plan.emptyRepair == nil) == asks)
        }
    }

    /// It is promoted when etcd says that it has caught up, and not before.
    @Test func aDiskThatShowsNothingIsTakenAtItsWord() throws {
        var cluster = try joining(showsEtcdLogs: false)
        cluster.spoil("central-2")
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 0), cluster.observed)
        #expect(plan.ids.first == "etcd/promote/central-2")
        #expect(plan.lost == [])
        var random = SeededGenerator(seed: 1)
        cluster.apply(plan, steps: plan.steps.count, using: &random)
        #expect(cluster.faults == [], "the command waits in vain, and says so")
    }

    /// One that goes on with the joining replaces what is lost besides.
    @Test func aJoiningIsNoRepair() throws {
        var topology = Fixture.topology(members: 3, workers: 1)
        topology.repair = .automatic
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(members: 1, workers: 1)))
        let begun = try Fixture.plan(topology, cluster.observed)
        cluster.apply(begun, first: try #require(begun.ids.firstIndex(of: "node/central-2/create")) + 1)
        for name in ["central-2", "worker-1"] { cluster.disturb(name) { ($0.hasStorage, $0.power) = (false, .off) } }
        let plan = try ends(&cluster, topology)
        #expect(plan.removedNodes == ["central-2", "worker-1"])
        #expect(plan.emptyRepair == "worker-1")
    }

    /// Members stay in etcd as long as one that is to take their place is lost, be it in etcd already or not.
    @Test(arguments: [1, 3])
    func noneLeavesEtcdWhileOneIsLost(members: Int) throws {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology(members: 3, workers: 3)))
        var topology = Fixture.topology(members: 3, workers: members)
        (topology.roles[0].etcd, topology.roles[1].etcd) = (.proxy, .member)
        cluster.disturb("worker-1") { ($0.hasStorage, $0.power) = (false, .off) }
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.lost.map(\.name) == ["worker-1"])
        #expect(plan.steps.allSatisfy { step in if case .removeMember = step.action { false } else { true } })
        #expect(Set(plan.removedNodes).isDisjoint(with: ["central-1", "central-2", "central-3"]))
        let warning =
            "etcd keeps central-1, central-2, central-3, which the file does not ask for, while worker-1 is lost"
        #expect(plan.warnings.map(\.message).contains(warning))
        cluster.apply(plan)
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty)
        // Whoever has it made anew has all the rest done with it.
        var inputs = Fixture.inputs
        inputs.replaced = ["worker-1"]
        cluster.apply(try Planner(topology: topology, inputs: inputs).plan(from: cluster.observed))
        #expect(cluster.faults == [])
        #expect(cluster.observed.etcd?.voters.count == members)
        #expect(try Fixture.plan(topology, cluster.observed).isEmpty)
    }
}
