import Basics
import Scheduling
import Testing
import UnitFiles

@Suite struct RebalanceTests {
    /// Moves until there is nothing to move.
    private func settled(_ cluster: ClusterState, seed: UInt64 = 0, sourceLocation: SourceLocation = #_sourceLocation)
        -> (cluster: ClusterState, moves: Int)
    {
        var (cluster, moves) = (cluster, 0)
        while true {
            let decisions = rebalance(cluster)
            if decisions.isEmpty { return (cluster, moves) }
            cluster = cluster.applying(decisions)
            moves += decisions.count / 2
            guard moves < 1000 else {
                Issue.record("seed \(seed): rebalancing does not end", sourceLocation: sourceLocation)
                return (cluster, moves)
            }
        }
    }

    @Test func aMachineThatCameBackGetsItsShare() throws {
        let machines = ["m1", "m2", "m3"].map { Machine(id: $0) }
        let jobs = try (1...6).map { try Job.unit("u\($0).service") }
        let places = Dictionary(uniqueKeysWithValues: jobs.enumerated().map { ($1.name, $0 < 3 ? "m1" : "m2") })
        let cluster = ClusterState(machines: machines, jobs: jobs, schedule: places)
        #expect(
            rebalance(cluster).map(\.description) == [
                "unschedule u4.service from m2: another machine has less load", "schedule u4.service on m3",
            ]
        )
        let (after, moves) = settled(cluster)
        #expect(moves == 2)
        #expect(Dictionary(grouping: after.schedule.values) { $0 }.mapValues(\.count) == ["m1": 2, "m2": 2, "m3": 2])
    }

    /// With nothing but load, exactly so many units move as there are too many on any machine.
    @Test func movesNoMoreThanNeeded() throws {
        for seed in 0..<2000 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let machines = (1...Int.random(in: 1...5, using: &generator)).map { Machine(id: "m\($0)") }
            let jobs = (0..<Int.random(in: 0...12, using: &generator)).map { Job(name: "u\($0).service") }
            var cluster = ClusterState(machines: machines, jobs: jobs)
            for job in jobs { cluster.schedule[job.name] = machines.randomElement(using: &generator)?.id }
            let counts = machines.map { machine in cluster.schedule.values.count { $0 == machine.id } }.sorted(by: >)
            let (share, rest) = jobs.count.quotientAndRemainder(dividingBy: machines.count)
            let needed = counts.enumerated().reduce(0) { $0 + max(0, $1.element - share - ($1.offset < rest ? 1 : 0)) }
            #expect(settled(cluster, seed: seed).moves == needed, "seed \(seed): \(counts)")
        }
    }

    @Test func keepsEveryRule() {
        for seed in 0..<3000 as Range<UInt64> {
            let start = ClusterState.random(seed: seed, replacing: seed % 2 == 0, modern: true)
            let cluster = start.applying(schedule(start))
            let (after, _) = settled(cluster, seed: seed)
            let oracle = Oracle(after)
            #expect(oracle.isSound(after.schedule), "seed \(seed)")
            #expect(Set(after.schedule.keys) == Set(cluster.schedule.keys), "seed \(seed)")
        }
    }

    @Test func companionsLeaveTogether() throws {
        let jobs = [
            try Job.unit("a.service", "MachineOf=b.service"), try .unit("b.service"), try .unit("c.service"),
            try .unit("d.service", "MachineOf=b.service"),
        ]
        let places = ["a.service": "m1", "b.service": "m1", "c.service": "m1", "d.service": "m2"]
        let cluster = ClusterState(machines: [Machine(id: "m1"), Machine(id: "m2")], jobs: jobs, schedule: places)
        #expect(cluster.companions(of: "b.service") == ["a.service", "b.service"])
        #expect(cluster.companions(of: "c.service") == ["c.service"])
    }
}
