import Scheduling
import Testing
import UnitFiles

@Suite struct RandomClusterTests {
    /// Without `Replaces` the rules leave no choice, so that the outcome must be the oracle's.
    @Test(arguments: 0..<8)
    func agreesWithTheOracle(block: UInt64) {
        for seed in (block * 800)..<(block * 800 + 800) {
            let cluster = ClusterState.random(seed: seed, replacing: false)
            let oracle = Oracle(cluster)
            let decisions = schedule(cluster)
            let outcome = cluster.applying(decisions)
            let kept = stayed(cluster, decisions, oracle)
            #expect(outcome.schedule == oracle.place(keeping: kept), "seed \(seed)")
            expectSound(outcome, oracle, decisions, seed: seed)
            if oracle.isSound(oracle.seated) {
                #expect(kept == oracle.seated, "seed \(seed): a sound unit was moved")
            } else {
                let most = oracle.mostThatMayStay
                #expect(kept.count >= most, "seed \(seed): more moves than needed")
            }
        }
    }

    @Test(arguments: 100..<108)
    func replacingSettles(block: UInt64) {
        for seed in (block * 500)..<(block * 500 + 500) {
            let cluster = ClusterState.random(seed: seed, replacing: true)
            let oracle = Oracle(cluster)
            let decisions = schedule(cluster)
            let outcome = cluster.applying(decisions)
            expectSound(outcome, oracle, decisions, seed: seed)
            if oracle.isSound(oracle.seated), oracle.seated.count == oracle.wanted.count {
                #expect(!decisions.contains { if case .schedule = $0 { true } else { false } }, "seed \(seed)")
            }
        }
    }

    /// The same with weights, soft rules, patterns in MachineOf, and machines that are being drained.
    @Test(arguments: 200..<208)
    func agreesWithTheOracleBeyondTheOriginal(block: UInt64) {
        for seed in (block * 800)..<(block * 800 + 800) {
            let cluster = ClusterState.random(seed: seed, replacing: false, modern: true)
            let oracle = Oracle(cluster)
            let decisions = schedule(cluster)
            let outcome = cluster.applying(decisions)
            let kept = stayed(cluster, decisions, oracle)
            let left = Set(decisions.compactMap { if case .stays(let unit, _, _) = $0 { unit } else { nil } })
            let all = kept.merging(cluster.schedule.filter { left.contains($0.key) }) { first, _ in first }
            #expect(outcome.schedule == oracle.place(keeping: all), "seed \(seed): \(decisions)")
            for name in left {
                let others = outcome.machines.filter { !$0.isDraining }
                let taker = others.first { oracle.allows(name, on: $0.id, outcome.schedule) }
                #expect(taker == nil, "seed \(seed): \(name) could leave for \(taker?.id ?? "")")
            }
            expectSound(outcome, oracle, decisions, seed: seed)
            if oracle.isSound(oracle.seated) {
                #expect(kept == oracle.seated, "seed \(seed): a sound unit was moved")
            } else {
                let most = oracle.mostThatMayStay
                #expect(kept.count >= most, "seed \(seed): more moves than needed")
            }
        }
    }

    @Test(arguments: 300..<304)
    func replacingSettlesBeyondTheOriginal(block: UInt64) {
        for seed in (block * 500)..<(block * 500 + 500) {
            let cluster = ClusterState.random(seed: seed, replacing: true, modern: true)
            let decisions = schedule(cluster)
            expectSound(cluster.applying(decisions), Oracle(cluster), decisions, seed: seed)
        }
    }

    /// The units that never left: those that were not unscheduled, as far as those they follow did not leave either.
    private func stayed(_ cluster: ClusterState, _ decisions: [Decision], _ oracle: Oracle) -> [String: String] {
        let left = Set(decisions.compactMap { if case .unschedule(let unit, _, _) = $0 { unit } else { nil } })
        var kept = oracle.seated.filter { !left.contains($0.key) }
        for _ in kept {
            kept = kept.filter { name, machine in
                let globals = oracle.globals(on: machine, kept)
                return oracle.jobs[name]?.requirements.machineOf.allSatisfy { value in
                    oracle.peers(value, of: name).contains { kept[$0] == machine || globals.contains($0) }
                } ?? false
            }
        }
        return kept
    }

    private func expectSound(_ outcome: ClusterState, _ oracle: Oracle, _ decisions: [Decision], seed: UInt64) {
        let isSound = oracle.isSound(outcome.schedule)
        #expect(isSound, "seed \(seed): \(decisions)")
        let unplaced = oracle.wanted.filter { outcome.schedule[$0] == nil }
        for name in unplaced {
            let taker = outcome.machines.first { oracle.allows(name, on: $0.id, outcome.schedule) }
            #expect(taker == nil, "seed \(seed): \(taker?.id ?? "") takes \(name)")
        }
        let again = schedule(outcome)
        let moves = again.filter { decision in
            switch decision {
            case .schedule, .unschedule: true
            case .unplaceable, .stays: false
            }
        }
        #expect(moves == [], "seed \(seed): not settled")
        let stuck = decisions.filter { if case .unplaceable = $0 { true } else { false } }
        #expect(stuck.map(\.unit) == unplaced, "seed \(seed)")
        #expect(again.filter { if case .unplaceable = $0 { true } else { false } } == stuck, "seed \(seed)")
    }
}
