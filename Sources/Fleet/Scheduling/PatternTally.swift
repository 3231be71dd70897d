/// Counts of units on each machine by the patterns that they match or carry.
struct PatternTally {
    private let patterns: PatternIndex
    private var matching: [[Int: Int]]
    private var carrying: [[Int: Int]]

    init(_ patterns: PatternIndex, machines: Int) {
        self.patterns = patterns
        matching = Array(repeating: [:], count: machines)
        carrying = matching
    }

    /// Returns whether any pattern is about the unit at all.
    func concerns(_ unit: Int) -> Bool { !patterns.carried[unit].isEmpty || !patterns.matching[unit].isEmpty }

    mutating func enter(_ unit: Int, _ machine: Int) { change(unit, machine, by: 1) }

    mutating func leave(_ unit: Int, _ machine: Int) { change(unit, machine, by: -1) }

    private mutating func change(_ unit: Int, _ machine: Int, by change: Int) {
        for pattern in patterns.matching[unit] { matching[machine][pattern, default: 0] += change }
        for pattern in patterns.carried[unit] { carrying[machine][pattern, default: 0] += change }
    }

    /// Returns whether a unit on the machine, other than this one, matches one of its patterns or has one that matches
    /// it.
    func meets(_ unit: Int, on machine: Int, isThere: Bool) -> Bool {
        let carried = patterns.carried[unit]
        let matched = patterns.matching[unit]
        return carried.contains { (matching[machine][$0] ?? 0) > (isThere && matched.contains($0) ? 1 : 0) }
            || matched.contains { (carrying[machine][$0] ?? 0) > (isThere && carried.contains($0) ? 1 : 0) }
    }

    /// Returns the number of such matches: one for each pattern and other unit. The unit is not there.
    func meetings(_ unit: Int, on machine: Int) -> Int {
        patterns.carried[unit].reduce(0) { $0 + (matching[machine][$1] ?? 0) }
            + patterns.matching[unit].reduce(0) { $0 + (carrying[machine][$1] ?? 0) }
    }
}
