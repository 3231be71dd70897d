import Basics

/// Scenario of a chaos run: which faults, how often, how long, of which nodes, and within which limits.
package struct Scenario: Sendable, Hashable {
    /// Range of durations, in seconds.
    package typealias Seconds = ClosedRange<Double>

    /// Faults of one kind.
    package struct Entry: Sendable, Hashable {
        /// Kind of fault.
        package var kind: FaultKind
        /// Weight of the entry among all that are possible at a moment.
        package var weight: Int
        /// Time that a fault lasts.
        package var lasts: Seconds
        /// Names of the roles whose nodes may have it; empty for all.
        package var roles: [String]
        /// Names of the nodes that may have it; empty for all.
        package var nodes: [String]
        /// Number of nodes that have one fault together.
        package var group: ClosedRange<Int>
        /// Directions of a cut, one of which is chosen.
        package var directions: [CutDirection]

        package init(
            _ kind: FaultKind,
            weight: Int = 1,
            lasts: Seconds = 5...15,
            roles: [String] = [],
            nodes: [String] = [],
            group: ClosedRange<Int> = 1...1,
            directions: [CutDirection] = [.both],
        ) {
            (self.kind, self.weight, self.lasts) = (kind, weight, lasts)
            (self.roles, self.nodes, self.group, self.directions) = (roles, nodes, group, directions)
        }
    }

    /// Limits that no choice goes beyond.
    package struct Limits: Sendable, Hashable {
        /// Most members that are missing at once; never more than a minority, whatever this says. Nil for a minority.
        package var members: Int?
        /// Most nodes that have a fault at once; nil for no limit.
        package var nodes: Int?
        /// Most faults at once.
        package var faults: Int

        package init(members: Int? = nil, nodes: Int? = nil, faults: Int = 1) {
            (self.members, self.nodes, self.faults) = (members, nodes, faults)
        }
    }

    /// Name of the scenario.
    package var name: String
    /// Time between the beginnings of two faults.
    package var every: Seconds
    /// Limits of all faults together.
    package var limits: Limits
    /// Faults to choose from; at least one.
    package var entries: [Entry]

    package init(name: String, every: Seconds = 5...15, limits: Limits = Limits(), entries: [Entry]) {
        (self.name, self.every, self.limits, self.entries) = (name, every, limits, entries)
    }

    /// Names of roles and nodes that it asks for and that a cluster does not have, sorted.
    package func unknownTargets(roles: Set<String>, nodes: Set<String>) -> [String] {
        let missing = entries.flatMap {
            $0.roles.filter { !roles.contains($0) } + $0.nodes.filter { !nodes.contains($0) }
        }
        return Set(missing).naturallySorted()
    }

    /// Reason why some of its faults can never be, as it asks for the clocks of containers; nil where there is none.
    package func refusal(nodes: [ClusterView.Node]) -> String? {
        for entry in entries where entry.kind.isOfVMs {
            let asked = nodes.filter {
                (entry.roles.isEmpty || entry.roles.contains($0.role))
                    && (entry.nodes.isEmpty || entry.nodes.contains($0.name))
            }
            let containers = asked.filter { !$0.isVM }.map(\.name)
            // Where no node is named, those that can have it are meant.
            guard asked.allSatisfy({ !$0.isVM }) || !(entry.roles.isEmpty && entry.nodes.isEmpty), !containers.isEmpty
            else { continue }
            return "\(entry.kind.rawValue) is for virtual machines: containers share the host's clock, and "
                + "\(containers.naturallySorted().joined(separator: ", ")) "
                + (containers.count == 1 ? "is one" : "are such")
        }
        return nil
    }

    /// True where it asks for a fault of the host.
    package var touchesHost: Bool { entries.contains { $0.kind.isOfHost } }

    /// The scenario without a file: a fault at a time, of every kind that most hosts can do.
    package static let standard = Scenario(
        name: "standard",
        entries: [
            Entry(.powerOff, weight: 2, lasts: 5...20), Entry(.freeze), Entry(.reboot),
            Entry(.cut, weight: 3, group: 1...2),
            Entry(.leaderKill), Entry(.diskFull), Entry(.fleetdKill), Entry(.fleetdCrashLoop), Entry(.dockerKill),
        ],
    )
}
