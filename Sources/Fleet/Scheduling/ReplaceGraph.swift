/// Graph of the units that replace others. Units that replace one another, directly or in a circle, do not: neither
/// could ever stay.
struct ReplaceGraph {
    /// The units each unit replaces.
    private(set) var replaced: [[Int]]
    /// The units that replace each unit.
    private(set) var replacers: [[Int]]

    init(_ patterns: PatternIndex) {
        let all = patterns.carried.enumerated().map { unit, numbers in
            Set(numbers.flatMap { patterns.matched[$0] }).subtracting([unit]).sorted()
        }
        replaced = all
        replacers = Array(repeating: [], count: all.count)
        for (unit, others) in all.enumerated() where !others.isEmpty {
            replaced[unit] = others.filter { !ReplaceGraph.leads(from: $0, to: unit, along: all) }
            for other in replaced[unit] { replacers[other].append(unit) }
        }
    }

    /// The units that are replaced by others, each after all that replace it.
    var fromTheTop: [Int] {
        var waiting = replacers.map(\.count)
        var open = replaced.indices.filter { waiting[$0] == 0 && !replaced[$0].isEmpty }
        var order: [Int] = []
        while let unit = open.popLast() {
            for other in replaced[unit] {
                waiting[other] -= 1
                if waiting[other] == 0 {
                    order.append(other)
                    open.append(other)
                }
            }
        }
        return order
    }

    private static func leads(from start: Int, to goal: Int, along edges: [[Int]]) -> Bool {
        var seen: Set<Int> = [start]
        var open = [start]
        while let unit = open.popLast() {
            for next in edges[unit] {
                if next == goal { return true }
                if seen.insert(next).inserted { open.append(next) }
            }
        }
        return false
    }
}
