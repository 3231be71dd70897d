import CloudConfig
import Diagnostics
import TestKit
import Testing
import TopologyModel

@testable import Planning

/// What counts as lost for good, and what does not.
@Suite struct NodeLossTests {
    private func node(
        _ name: String = "central-1",
        _ change: (inout ObservedNode) -> Void = { _ in },
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws
        -> ObservedNode
    {
        let plan = try Fixture.plan(Fixture.topology())
        var node = ObservedNode(try #require(plan.nodes.first { $0.name == name }, sourceLocation: sourceLocation))
        node.etcdHistory = .joined("1")
        change(&node)
        return node
    }

    private func member(started: Bool = true, healthy: Bool = false, learner: Bool = false) -> ObservedEtcd.Member {
        ObservedEtcd.Member(id: "1", name: "", peerURLs: [], started: started, healthy: healthy, learner: learner)
    }

    @Test func whatComesBackIsNotLost() throws {
        for power in [ObservedNode.Power.off, .other, .running] {
            for phase in [NodePhase.defined, .started, .ready, .leaving] {
                let seen = try node { ($0.power, $0.phase) = (power, phase) }
                #expect(NodeLoss(seen, member: member()) == nil, "\(power) \(phase)")
                #expect(NodeLoss(seen, member: nil) == nil)
            }
        }
        // Its domain alone is gone: the data are there.
        #expect(NodeLoss(try node { ($0.hasDomain, $0.phase) = (false, .allocated) }, member: member()) == nil)
        #expect(NodeLoss(nil, member: nil) == nil, "it may never have been there")
        #expect(NodeLoss(nil, member: member(healthy: true)) == nil, "it answers, wherever it is")
    }

    @Test func storageThatIsGone() throws {
        let gone = try node { ($0.hasStorage, $0.power) = (false, .off) }
        #expect(NodeLoss(gone, member: member()) == .storage)
        #expect(NodeLoss(gone, member: nil) == .storage, "etcd need not answer to see that")
        for phase in [NodePhase.allocated, .defined, .leaving] {
            #expect(NodeLoss(try node { ($0.hasStorage, $0.phase) = (false, phase) }, member: nil) == nil, "\(phase)")
        }
        for obstacle in [
            StorageObstacle.unreadable(path: "", reason: ""), .poolAway(""), .elsewhere(directory: "", home: nil),
        ] {
            let seen = try node { ($0.hasStorage, $0.power, $0.obstacle) = (false, .off, obstacle) }
            #expect(NodeLoss(seen, member: member()) == nil, "\(obstacle)")
        }
    }

    @Test func aMemberOfWhichNothingIsThere() throws {
        #expect(NodeLoss(nil, member: member()) == .node)
        #expect(NodeLoss(nil, member: member(started: false)) == nil)
        let remains = try node { ($0.hasDomain, $0.hasStorage, $0.phase) = (false, false, .allocated) }
        #expect(NodeLoss(remains, member: member()) == .node)
        #expect(NodeLoss(remains, member: nil) == nil, "an earlier run left it half made")
    }

    @Test func aRecordThatIsDamaged() throws {
        func seen(_ power: ObservedNode.Power) throws -> ObservedNode {
            try node("worker-1") {
                ($0.hasStorage, $0.power, $0.obstacle) = (false, power, .damaged(path: "", reason: ""))
            }
        }
        #expect(NodeLoss(try seen(.off), member: nil) == .record)
        #expect(NodeLoss(try seen(.running), member: nil) == nil, "it runs")
        #expect(NodeLoss(try seen(.other), member: nil) == nil)
    }

    @Test func etcdDataThatAreGone() throws {
        let spoiled = try node { $0.lacksEtcdLog = true }
        #expect(NodeLoss(spoiled, member: member()) == .etcdData)
        #expect(NodeLoss(spoiled, member: member(healthy: true)) == nil, "it has them where nobody looked")
        #expect(NodeLoss(spoiled, member: nil) == nil, "etcd does not answer, or has it out already")
        #expect(NodeLoss(spoiled, member: member(), keepsDataElsewhere: true) == nil)
        let undefined = try node { ($0.lacksEtcdLog, $0.hasDomain, $0.etcdHistory) = (true, false, .never) }
        #expect(NodeLoss(undefined, member: member()) == .etcdData, "its record went with its domain")
        #expect(NodeLoss(undefined, member: member(started: false)) == nil, "it had none")
        #expect(NodeLoss(try node { $0.lacksEtcdLog = nil }, member: member()) == nil)
    }

    @Test func aDirectoryOfItsOwnForEtcdIsHeeded() throws {
        var topology = Fixture.topology(workers: 0)
        topology.repair = .automatic
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        cluster.spoil("central-2")
        #expect(try Fixture.plan(topology, cluster.observed).ids.first == "etcd/remove/central-2")
        topology.roles[0].cloudConfig.coreos.etcd2[.dataDir] = "/data"
        #expect(try !Fixture.plan(topology, cluster.observed).ids.contains("etcd/remove/central-2"))
    }

    /// What is given up by name is made anew, though it cannot be seen.
    @Test(arguments: [
        StorageObstacle.damaged(path: "/node.json", reason: "it is empty"), .poolAway("it is not defined"),
    ])
    func givenUpByName(obstacle: StorageObstacle) throws {
        let topology = Fixture.topology()
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        cluster.disturb("worker-1") { ($0.hasStorage, $0.obstacle) = (false, obstacle) }
        #expect(throws: DiagnosticsError.self) { try Fixture.plan(topology, cluster.observed) }
        var inputs = Fixture.inputs
        inputs.replaced = ["worker-1"]
        let plan = try Planner(topology: topology, inputs: inputs).plan(from: cluster.observed)
        #expect(plan.removedNodes == ["worker-1"] && plan.madeNodes == ["worker-1"])
    }

    /// Other nodes are not rebooted or given another image meanwhile: the tolerance is used up.
    @Test func aClusterThatHasLostANodeIsNotRolled() throws {
        let topology = Fixture.topology()
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        cluster.disturb("central-2") { ($0.hasStorage, $0.power) = (false, .off) }
        let error = #expect(throws: DiagnosticsError.self) {
            try Planner(topology: topology, inputs: Fixture.inputs).roll(Roll(), from: cluster.observed)
        }
        #expect(error?.diagnostics.first?.notes == ["first: slipway replace demo central-2"])
    }
}
