import Basics
import FleetState
import UnitFiles

/// Addresses of a cluster's nodes and units, by name.
///
/// A node has its host name, a unit its own name (``UnitFiles/UnitName/hostLabels``); a node goes before a unit of the same
/// name. What falls silent keeps its name: a node until it says that it leaves, a unit until it is active elsewhere or is
/// not wanted any more.
package struct ClusterNames: Sendable, Equatable {
    private struct Node: Sendable, Equatable {
        var machineID: String
        var address: IPv4Address
    }

    private var nodes: [String: Node] = [:]
    private var units: [String: Set<IPv4Address>] = [:]

    /// - Parameter earlier: names as they were before; nil for none.
    package init(_ snapshot: FleetSnapshot, after earlier: ClusterNames? = nil) {
        for (id, machine) in snapshot.machines.sorted(by: { $0.key > $1.key }) {
            guard let address = IPv4Address(machine.record.primaryIP), let name = machine.record.hostname,
                let label = name.split(separator: ".").first.flatMap({ HostLabel.label(of: $0) })
            else { continue }
            nodes[label] = Node(machineID: id, address: address)
        }
        for (unit, states) in snapshot.states {
            let addresses = states.compactMap { id, stored in Self.address(stored.state, on: snapshot.machines[id]) }
            guard !addresses.isEmpty else { continue }
            for label in Self.labels(of: unit) { units[label, default: []].formUnion(addresses) }
        }
        if let earlier { keep(earlier, snapshot) }
    }

    private mutating func keep(_ earlier: ClusterNames, _ snapshot: FleetSnapshot) {
        let gone = snapshot.left.union(snapshot.machines.keys)
        nodes.merge(earlier.nodes.filter { !gone.contains($0.value.machineID) }) { now, _ in now }
        let wanted = Set(snapshot.desired.filter { $0.value.value == .launched }.keys.flatMap(Self.labels))
        units.merge(earlier.units.filter { wanted.contains($0.key) }) { now, _ in now }
    }

    private static func labels(of unit: String) -> [String] { (try? UnitName(unit))?.hostLabels ?? [] }

    /// The address that a unit has announced, else its machine's; nil where it is not active.
    private static func address(_ state: UnitState, on machine: StoredMachine?) -> IPv4Address? {
        guard state.activeState == "active" || state.activeState == "reloading" else { return nil }
        return state.address ?? machine.flatMap { IPv4Address($0.record.primaryIP) }
    }

    /// The names as lines of a hosts file, nodes first: an address that has several names is a node's.
    package func hosts(in domain: String) -> String {
        let nodes = nodes.naturallySorted(by: \.key).map { "\($0.value.address) \($0.key).\(domain)\n" }
        let units = units.filter { self.nodes[$0.key] == nil }.naturallySorted(by: \.key).flatMap { label, addresses in
            addresses.sorted().map { "\($0) \(label).\(domain)\n" }
        }
        return (nodes + units).joined()
    }
}
