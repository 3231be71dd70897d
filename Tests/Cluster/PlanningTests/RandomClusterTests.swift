import Planning
import TestKit
import Testing
import TopologyModel

/// Random histories: whatever was built, interrupted or broken, the next plan keeps etcd's majority and ends where the
/// topology says, or says why it cannot.
@Suite struct RandomClusterTests {
    @Test(arguments: 0..<150)
    func everyHistoryConverges(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var cluster = Simulation()
        var topology = Fixture.topology(members: [1, 3, 5].randomElement(using: &random) ?? 3, workers: 2)
        cluster.apply(try Fixture.plan(topology))
        for round in 0..<6 {
            mutate(&topology, &cluster, &random)
            if cluster.isBeyondRepair { return }
            guard let plan = try? Fixture.plan(topology, cluster.observed) else {
                // Refused: there must be a reason to.
                #expect(cluster.observed.etcd?.hasQuorum != true || lostMembers(cluster, topology), "seed \(seed)")
                return
            }
            let count =
                Bool.random(using: &random) ? plan.steps.count : Int.random(in: 0...plan.steps.count, using: &random)
            cluster.apply(plan, first: count)
            #expect(cluster.faults == [], "seed \(seed), round \(round)")
        }
        guard let last = try? Fixture.plan(topology, cluster.observed) else { return }
        cluster.apply(last)
        #expect(cluster.faults == [], "seed \(seed)")
        #expect(try Fixture.plan(topology, cluster.observed).ids == [], "seed \(seed)")
    }

    private func mutate(_ topology: inout Topology, _ cluster: inout Simulation, _ random: inout SeededGenerator) {
        let names = cluster.observed.provider.nodes.map(\.name)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: topology.roles[0].count = [1, 3, 5].randomElement(using: &random) ?? 3
        case 1: topology.roles[1].count = Int.random(in: 1...4, using: &random)
        case 2: if let name = names.randomElement(using: &random) { cluster.lose(name) }
        case 3: if let name = names.randomElement(using: &random) { cluster.disturb(name) { $0.power = .off } }
        case 4: if let name = names.randomElement(using: &random) { cluster.disturb(name) { $0.configDigest = "old" } }
        default: break
        }
    }

    /// Whether some member is not healthy, which is reason enough to refuse another change.
    private func lostMembers(_ cluster: Simulation, _ topology: Topology) -> Bool {
        cluster.observed.etcd?.members.contains { !$0.healthy } ?? true
    }
}
