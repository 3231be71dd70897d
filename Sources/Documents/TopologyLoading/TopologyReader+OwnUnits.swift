import CloudConfig
import Diagnostics
import LocatedYAML
import TopologyModel

/// A unit that Slipway starts on nodes, and that a `cloud_config` keeps from running.
struct DisplacedUnit {
    /// Role whose `cloud_config` it is; nil for that of all.
    var role: String?
    var name: String
    /// Way in which it is kept from running: `masks`, `stops`, `replaces`.
    var verb: String
    var location: SourceLocation
}

extension TopologyReader {
    /// The units without which a node does not become ready.
    private static let ownUnits = ["etcd2.service", "fleet.service"]

    /// Notes which of the nodes' own units a `cloud_config` keeps from running.
    ///
    /// - Parameter node: the same config as YAML, which has its places.
    mutating func noteDisplacedUnits(of config: CloudConfig, in node: YAMLNode, role: String?) {
        let written = node["coreos"]?["units"]?.elements ?? []
        for unit in config.coreos.units where Self.ownUnits.contains(unit.name) {
            let verbs: [(String, Bool)] = [
                ("masks", unit.mask), ("stops", unit.command == .stop), ("replaces", unit.content?.isEmpty == false),
            ]
            let place = written.first { $0["name"]?.asString == unit.name }?["name"]?.location ?? node.location
            for (verb, holds) in verbs where holds {
                displaced.append(DisplacedUnit(role: role, name: unit.name, verb: verb, location: place))
            }
        }
    }

    /// Units of nodes that would never become ready for want of them.
    func displacementFindings(_ topology: Topology) -> [Diagnostic] {
        displaced.compactMap { unit in
            let needs = topology.roles.filter { role in
                guard unit.role == nil || unit.role == role.name else { return false }
                return unit.name == "fleet.service" ? topology.fleet.enabled && role.etcd.runsFleet : role.etcd != .none
            }
            guard let role = needs.first else { return nil }
            let off = unit.name == "fleet.service" ? "`fleet: {enabled: false}`" : "`etcd: none` in the role"
            return .error(
                "this \(unit.verb) \(unit.name), which nodes of role \"\(role.name)\" need",
                at: unit.location,
                notes: ["\(off) leaves it out; a drop-in changes its settings"],
            )
        }
    }
}
