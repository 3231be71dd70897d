import Basics
import TopologyModel

/// A cluster as a picture shows it: planned or alive.
package struct ClusterPicture: Sendable, Hashable {
    /// A node.
    package struct Node: Sendable, Hashable {
        /// Name in the cluster.
        package var name: String
        /// Name of its role.
        package var role: String
        /// What is to be said of it: address, runtime, state.
        package var lines: [String]
        /// Part that it has in etcd.
        package var etcd: EtcdRole
        /// Whether it is as it should be.
        package var tone: Graph.Tone

        package init(_ name: String, role: String, lines: [String], etcd: EtcdRole, tone: Graph.Tone = .plain) {
            (self.name, self.role, self.lines) = (name, role, lines)
            (self.etcd, self.tone) = (etcd, tone)
        }
    }

    /// A unit of fleet.
    package struct Unit: Sendable, Hashable {
        /// Name with suffix.
        package var name: String
        /// What is to be said of it.
        package var lines: [String]
        /// systemd's state of it by node.
        package var places: [String: String]
        /// Whether it is as it should be.
        package var tone: Graph.Tone

        package init(_ name: String, lines: [String], places: [String: String] = [:], tone: Graph.Tone = .plain) {
            (self.name, self.lines, self.places, self.tone) = (name, lines, places, tone)
        }
    }

    /// Nodes of a role beyond which those alike are one box.
    package static let fewNodes = 12

    /// Heading.
    package var title: String
    /// In the order in which they are shown.
    package var nodes: [Node]
    /// In the order in which they are shown.
    package var units: [Unit]

    package init(_ title: String, nodes: [Node], units: [Unit]) {
        (self.title, self.nodes, self.units) = (title, nodes, units)
    }

    /// Units on the left, then workers, then members, with an arrow from each unit to its nodes and from each role to the
    /// etcd that it uses.
    package var graph: Graph {
        var boxes: [String: String] = [:]
        let roles = Dictionary(grouping: nodes, by: \.role).naturallySorted(by: \.key).map(\.value)
        let members = roles.filter(Self.hasMembers)
        var groups = units.isEmpty ? [] : [Graph.Group("units", units.map(vertex))]
        for role in roles.filter({ !Self.hasMembers($0) }) + members { groups.append(group(of: role, boxes: &boxes)) }
        return Graph(title, groups: groups, edges: placements(boxes) + proxies(boxes))
    }

    private static func hasMembers(_ role: [Node]) -> Bool { role.contains { $0.etcd == .member } }

    private func vertex(_ unit: Unit) -> Graph.Vertex {
        Graph.Vertex("unit \(unit.name)", title: unit.name, lines: unit.lines, tone: unit.tone)
    }

    /// - Parameter boxes: gets the vertex of each node.
    private func group(of role: [Node], boxes: inout [String: String]) -> Graph.Group {
        let parts =
            role.count <= Self.fewNodes
            ? role.map { [$0] }
            : Dictionary(grouping: role) { $0.tone }.sorted { $0.key.rawValue < $1.key.rawValue }
                .flatMap { tone, nodes in tone == .bad ? nodes.map { [$0] } : [nodes] }
        let vertices = parts.compactMap { part -> Graph.Vertex? in
            guard let first = part.first, let last = part.last else { return nil }
            for node in part { boxes[node.name] = "node \(first.name)" }
            guard part.count > 1 else {
                return Graph.Vertex("node \(first.name)", title: first.name, lines: first.lines, tone: first.tone)
            }
            let title = "\(first.name) … \(last.name)"
            return Graph.Vertex("node \(first.name)", title: title, lines: ["\(part.count) nodes"], tone: first.tone)
        }
        let name = role.first?.role ?? ""
        return Graph.Group(Self.hasMembers(role) ? "\(name) (etcd)" : name, vertices)
    }

    private func placements(_ boxes: [String: String]) -> [Graph.Edge] {
        units.flatMap { unit in
            let states = Dictionary(grouping: unit.places) { boxes[$0.key] ?? "" }.filter { !$0.key.isEmpty }
            return states.naturallySorted(by: \.key).map { box, places in
                let labels = Set(places.map(\.value)).sorted().joined(separator: ", ")
                return Graph.Edge("unit \(unit.name)", box, label: labels)
            }
        }
    }

    private func proxies(_ boxes: [String: String]) -> [Graph.Edge] {
        let members = nodes.filter { $0.etcd == .member }.compactMap { boxes[$0.name] }.unique()
        let others = nodes.filter { $0.etcd == .proxy || $0.etcd == .readonly }.compactMap { boxes[$0.name] }.unique()
        return others.flatMap { other in members.map { Graph.Edge(other, $0, isWeak: true) } }
    }
}

extension [String] {
    /// The elements in their order, each once.
    fileprivate func unique() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
