import Diagnostics
import UnitFiles

/// Finds groups of units that all keep away from each other, and are more than the nodes they may run on.
///
/// The groups are grown greedily, so one can be missed; one that is found is really impossible.
struct ConflictCheck {
    private let units: [PlacementCheck.Candidate]
    private let roles: [Role]
    /// For each list of patterns, which units it matches.
    private let matches: [[Bool]]
    /// For each unit, the index of its list of patterns: instances of a template mostly share one.
    private let patterns: [Int]

    init(candidates: [PlacementCheck.Candidate], roles: [Role]) {
        let units = candidates.filter { $0.isPlaced && !$0.requirements.isGlobal }
        self.units = units
        self.roles = roles
        var lists: [[Glob]: Int] = [:]
        var matches: [[Bool]] = []
        patterns = units.map { unit in
            let globs = unit.requirements.conflicts
            if let index = lists[globs] { return index }
            lists[globs] = matches.count
            matches.append(units.map { other in globs.contains { $0.matches(other.name) } })
            return matches.count - 1
        }
        self.matches = matches
    }

    func findings() -> [Diagnostic] {
        var isCovered = units.map(\.requirements.machineID).map { $0 != nil }
        var findings: [Diagnostic] = []
        for start in units.indices where !isCovered[start] && !units[start].eligible.isEmpty {
            let group = group(around: start)
            // A smaller choice of nodes may still be too small for units of this group.
            for unit in group where units[unit].eligible == units[start].eligible { isCovered[unit] = true }
            let eligible = units[start].eligible.map { roles[$0] }
            guard eligible.allSatisfy(\.hasValidCount) else { continue }
            let nodes = eligible.reduce(0) { $0 + $1.count }
            if group.count > nodes { findings.append(finding(group, nodes: nodes)) }
        }
        return findings
    }

    /// Units that conflict pairwise, and run nowhere but where `start` may.
    private func group(around start: Int) -> [Int] {
        units.indices.reduce(into: [start]) { group, unit in
            guard unit != start, units[unit].requirements.machineID == nil,
                !units[unit].eligible.isEmpty, units[unit].eligible.isSubset(of: units[start].eligible),
                group.allSatisfy({ conflict(unit, $0) })
            else { return }
            group.append(unit)
        }.sorted()
    }

    private func conflict(_ lhs: Int, _ rhs: Int) -> Bool {
        matches[patterns[lhs]][rhs] || matches[patterns[rhs]][lhs]
    }

    private func finding(_ group: [Int], nodes: Int) -> Diagnostic {
        let names = group.map { units[$0].name }
        let shown = names.count > 6 ? names.prefix(5).joined(separator: ", ") + " and \(names.count - 5) more" : nil
        let last = units[group[group.count - 1]]
        let which = nodes == 1 ? "one node" : "\(nodes) nodes"
        return .error(
            "\(group.count) units that keep away from each other (Conflicts) have only \(which) to run on",
            at: last.deployment.location ?? last.deployment.location(of: .conflicts, containing: ""),
            notes: [
                "they are \(shown ?? names.joined(separator: ", "))",
                "have at most \(nodes) of them, or give the roles they may run on more nodes",
            ],
        )
    }
}
