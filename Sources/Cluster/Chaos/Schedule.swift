import Basics

/// A cluster as the schedule sees it at a moment.
package struct ClusterView: Sendable, Hashable {
    /// A node of it.
    package struct Node: Sendable, Hashable {
        /// Name of the node.
        package var name: String
        /// Name of its role.
        package var role: String
        /// True for a member of etcd.
        package var isMember: Bool
        /// True for etcd's leader.
        package var leads: Bool
        /// True for a machine of fleet.
        package var runsFleet: Bool
        /// True for a virtual machine.
        package var isVM: Bool
        /// False for a member that etcd cannot count on now, and for a node that does not run.
        package var isWell: Bool

        package init(
            _ name: String,
            role: String,
            isMember: Bool = false,
            leads: Bool = false,
            runsFleet: Bool = true,
            isVM: Bool = false,
            isWell: Bool = true,
        ) {
            (self.name, self.role, self.isMember) = (name, role, isMember)
            (self.leads, self.runsFleet, self.isVM, self.isWell) = (leads, runsFleet, isVM, isWell)
        }
    }

    /// Nodes, sorted by name.
    package var nodes: [Node]

    package init(_ nodes: [Node]) { self.nodes = nodes }

    /// Members that may be missing while the others still are a majority.
    package var minority: Int { max(0, (nodes.count(where: \.isMember) - 1) / 2) }

    /// Names of the members that are missing: those that are not well, and those that a fault takes.
    package func missingMembers(_ faults: [Fault]) -> Set<String> {
        let taken = Set(faults.filter(\.kind.takesMembers).flatMap(\.nodes))
        return Set(nodes.filter { $0.isMember && (!$0.isWell || taken.contains($0.name)) }.map(\.name))
    }
}

/// A seeded choice of faults: the same seed chooses the same faults where it sees the same cluster.
///
/// Whatever a scenario says, never more members are missing than a minority, be it by faults or by themselves.
package struct Schedule: Sendable {
    private let scenario: Scenario
    private var random: SeededGenerator
    private var number = 0
    /// Entries of the scenario that have been chosen, by their places.
    private var begun: Set<Int> = []
    /// Faults that a node turned out not to be able to have.
    private var impossible: Set<Impossible> = []

    private struct Impossible: Hashable {
        var kind: FaultKind
        var node: String
    }

    /// Creates a schedule that has chosen nothing yet.
    package init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        random = SeededGenerator(seed: seed)
    }

    /// Time until the next fault.
    package mutating func pause() -> Duration { .seconds(seconds(in: scenario.every)) }

    /// Excludes a fault that a node cannot have from now on.
    package mutating func exclude(_ kind: FaultKind, of node: String) {
        impossible.insert(Impossible(kind: kind, node: node))
    }

    /// Returns whether each fault that is asked for has been, but for those that no node can have.
    package func hasShownAll(of view: ClusterView) -> Bool {
        scenario.entries.enumerated().allSatisfy { index, entry in
            begun.contains(index) || entry.weight == 0
                || view.nodes.allSatisfy { impossible.contains(Impossible(kind: entry.kind, node: $0.name)) }
        }
    }

    /// Chooses the next fault: one that the scenario asks for and that has not been yet, before any comes again.
    ///
    /// - Parameter active: faults that last, or whose nodes are not well again yet.
    /// - Returns: nil where the limits leave nothing to choose now.
    package mutating func next(_ view: ClusterView, active: [Fault]) -> Fault? {
        guard active.count < scenario.limits.faults, !active.contains(where: \.kind.isOfHost) else { return nil }
        let possible = scenario.entries.enumerated().compactMap { index, entry in
            Choice(entry, at: index, self, view, active)
        }
        let fresh = possible.filter { !begun.contains($0.index) }
        let choices = fresh.isEmpty ? possible : fresh
        let total = choices.reduce(0) { $0 + $1.entry.weight }
        guard total > 0 else { return nil }
        var draw = Int.random(in: 0..<total, using: &random)
        guard
            let choice = choices.first(where: { choice in
                draw -= choice.entry.weight
                return draw < 0
            })
        else { return nil }
        let size = Int.random(in: choice.least...choice.most, using: &random)
        let direction = choice.entry.directions.randomElement(using: &random) ?? .both
        number += 1
        begun.insert(choice.index)
        let nodes = choice.pick(size, &random)
        return Fault(
            number: number,
            kind: choice.entry.kind,
            nodes: nodes,
            direction: direction,
            seconds: choice.entry.kind.isInstant ? 0 : seconds(in: choice.entry.lasts),
            takesLeader: choice.entry.kind.takesMembers && view.nodes.contains { $0.leads && nodes.contains($0.name) },
        )
    }

    /// Tenths of seconds, so that what is shown is what happens.
    private mutating func seconds(in range: Scenario.Seconds) -> Double {
        let tenths = Int((range.lowerBound * 10).rounded())...Int((range.upperBound * 10).rounded())
        return Double(Int.random(in: tenths, using: &random)) / 10
    }

    /// An entry of the scenario that is possible now.
    private struct Choice {
        let entry: Scenario.Entry
        /// Its place in the scenario.
        let index: Int
        private let members: [String]
        private let others: [String]
        private let memberBudget: Int
        /// Smallest group.
        let least: Int
        /// Largest group that the limits allow.
        let most: Int

        init?(
            _ entry: Scenario.Entry,
            at index: Int,
            _ schedule: Schedule,
            _ view: ClusterView,
            _ active: [Fault],
        ) {
            guard entry.weight > 0 else { return nil }
            (self.entry, self.index) = (entry, index)
            guard !entry.kind.isOfHost else {
                // Other faults are begun and undone by what it restarts.
                guard active.isEmpty else { return nil }
                (members, others, memberBudget, least, most) = ([], [], 0, 0, 0)
                return
            }
            let limits = schedule.scenario.limits
            let busy = Set(active.flatMap(\.nodes))
            let eligible = view.nodes.filter { node in
                node.isWell && !busy.contains(node.name) && Self.matches(node, entry)
                    && !schedule.impossible.contains(Impossible(kind: entry.kind, node: node.name))
            }
            members = eligible.filter(\.isMember).map(\.name)
            others = eligible.filter { !$0.isMember }.map(\.name)
            let allowed = min(limits.members ?? view.minority, view.minority)
            memberBudget =
                entry.kind.takesMembers
                ? max(0, min(members.count, allowed - view.missingMembers(active).count)) : members.count
            let room = limits.nodes.map { max(0, $0 - busy.count) } ?? view.nodes.count
            least = entry.group.lowerBound
            most = min(entry.group.upperBound, memberBudget + others.count, room)
            guard most >= least else { return nil }
        }

        private static func matches(_ node: ClusterView.Node, _ entry: Scenario.Entry) -> Bool {
            guard entry.roles.isEmpty || entry.roles.contains(node.role) else { return false }
            guard entry.nodes.isEmpty || entry.nodes.contains(node.name) else { return false }
            if entry.kind == .leaderKill { return node.leads }
            if entry.kind.isOfMembers { return node.isMember }
            return (!entry.kind.isOfMachines || node.runsFleet) && (!entry.kind.isOfVMs || node.isVM)
        }

        /// Picks nodes, of all eligible ones alike, as far as members may be among them.
        func pick(_ count: Int, _ random: inout SeededGenerator) -> [String] {
            var picked: [String] = []
            var budget = memberBudget
            for name in (members + others).sorted().shuffled(using: &random) where picked.count < count {
                if members.contains(name) {
                    guard budget > 0 else { continue }
                    budget -= 1
                }
                picked.append(name)
            }
            return picked.sorted()
        }
    }
}
