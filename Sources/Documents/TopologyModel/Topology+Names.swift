import Diagnostics
import UnitFiles

extension Topology {
    /// Domain of the names of the cluster's nodes and units.
    package var domain: String { "\(name).slipway" }

    /// Names without a source; roles that have no part in them; and units that a node's name hides.
    package func namesFindings() -> [Diagnostic] {
        guard network.names else { return [] }
        guard fleet.enabled else {
            let note = "leave `names` out, or `enabled: false` under `fleet`"
            return [.error("names come from fleet, which is off", at: network.namesLocation, notes: [note])]
        }
        return roles.compactMap(roleFinding) + hiddenUnits
    }

    private func roleFinding(_ role: Role) -> Diagnostic? {
        guard role.servesNames else {
            let reason = role.runsFleet ? "its image has no fleet" : "its nodes run no fleet"
            return .warning("role \"\(role.name)\" has no part in the cluster's names: \(reason)", at: role.location)
        }
        guard role.image != nil else { return nil }
        let message = "names resolve on nodes of role \"\(role.name)\" only if their image has dnsmasq"
        return .warning(message, at: role.location)
    }

    private var hiddenUnits: [Diagnostic] {
        let nodes = Set(
            roles.filter { $0.hasValidCount && $0.servesNames }.flatMap { role in
                (1...role.count).map { "\(role.name)-\($0)" }
            }
        )
        return units.compactMap { unit in
            let labels = (try? UnitName(unit.name))?.hostLabels ?? []
            guard let hidden = labels.first(where: nodes.contains) else { return nil }
            let message = "\(unit.name) is not found by name: \(hidden).\(domain) is a node"
            return .warning(message, at: unit.location, notes: ["give the unit or the role another name"])
        }
    }
}

extension Role {
    /// True when the role's nodes have names and are told those of others, by fleetd.
    fileprivate var servesNames: Bool { runsFleet && (image.map { $0.kind == .cloudInit } ?? true) }
}
