import UnitFiles

/// Index of the units that `MachineOf` refers to.
struct PeerIndex {
    /// One value of `MachineOf`: one of the candidates must be on the machine.
    struct Peer {
        /// As written.
        let text: String
        /// By number; of a name at most one, of a pattern every unit that matches, but not the unit itself.
        let candidates: [Int]

        /// The unit that alone can be meant.
        var only: Int? { candidates.count == 1 ? candidates.first : nil }
    }

    private(set) var peers: [[Peer]]
    /// The units that may have to be where each unit is.
    private(set) var followers: [[Int]]

    init(_ jobs: [Job], numbers: [String: Int]) {
        let patterns = jobs.map { $0.requirements.machineOf.filter(FleetRequirements.isPattern).map { Glob($0) } }
        let index = PatternIndex(names: jobs.map(\.name), patterns: patterns)
        peers = jobs.enumerated().map { unit, job in
            var next = 0
            return job.requirements.machineOf.map { text in
                guard FleetRequirements.isPattern(text) else {
                    return Peer(text: text, candidates: numbers[text].map { [$0] } ?? [])
                }
                let glob = patterns[unit][next]
                next += 1
                let matched = index.number(of: glob).map { index.matched[$0] } ?? []
                return Peer(text: text, candidates: matched.filter { $0 != unit })
            }
        }
        followers = Array(repeating: [], count: jobs.count)
        for (unit, all) in peers.enumerated() {
            for candidate in Set(all.flatMap(\.candidates)).sorted() { followers[candidate].append(unit) }
        }
    }
}
