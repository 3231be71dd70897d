/// Chooses the units that must leave a machine, so that no two of those that stay conflict.
struct ConflictCover {
    /// Up to how many units the cheapest choice is found by trying all; above, by taking the most contested unit
    /// first.
    static let exactLimit = 12

    /// Number of units that leave when these do.
    let cost: (Set<Int>) -> Int

    /// The units to take away; among equally cheap choices the one that spares the first by number.
    ///
    /// - Parameter edges: the pairs in conflict.
    func units(covering edges: [(Int, Int)]) -> Set<Int> {
        components(of: edges).reduce(into: []) { cover, component in
            let members = Set(component.flatMap { [$0.0, $0.1] })
            cover.formUnion(members.count <= ConflictCover.exactLimit ? exact(component) : greedy(component))
        }
    }

    private func exact(_ edges: [(Int, Int)]) -> Set<Int> {
        covers(of: edges).min { left, right in
            let (lower, higher) = (cost(left), cost(right))
            return lower == higher ? right.sorted().lexicographicallyPrecedes(left.sorted()) : lower < higher
        } ?? []
    }

    /// Every choice worth considering: of each contested unit, either it goes or all its rivals do.
    private func covers(of edges: [(Int, Int)]) -> [Set<Int>] {
        guard let unit = mostContested(edges) else { return [[]] }
        let rivals = Set(edges.flatMap { $0.0 == unit ? [$0.1] : $0.1 == unit ? [$0.0] : [] })
        return [Set([unit]), rivals].flatMap { leaving in
            let rest = edges.filter { !leaving.contains($0.0) && !leaving.contains($0.1) }
            return covers(of: rest).map { $0.union(leaving) }
        }
    }

    private func greedy(_ edges: [(Int, Int)]) -> Set<Int> {
        var (edges, cover) = (edges, Set<Int>())
        while let unit = mostContested(edges) {
            cover.insert(unit)
            edges.removeAll { $0.0 == unit || $0.1 == unit }
        }
        return cover
    }

    private func mostContested(_ edges: [(Int, Int)]) -> Int? {
        var degrees: [Int: Int] = [:]
        for (left, right) in edges {
            degrees[left, default: 0] += 1
            degrees[right, default: 0] += 1
        }
        return degrees.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }

    private func components(of edges: [(Int, Int)]) -> [[(Int, Int)]] {
        var groups: [(members: Set<Int>, edges: [(Int, Int)])] = []
        for edge in edges {
            var merged = (members: Set([edge.0, edge.1]), edges: [edge])
            for group in groups where group.members.contains(edge.0) || group.members.contains(edge.1) {
                merged = (merged.members.union(group.members), merged.edges + group.edges)
            }
            groups.removeAll { $0.members.contains(edge.0) || $0.members.contains(edge.1) }
            groups.append(merged)
        }
        return groups.map(\.edges)
    }
}
