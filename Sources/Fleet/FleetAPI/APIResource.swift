/// A resource of fleet's API by its path.
package enum APIResource: Sendable, Hashable {
    case units
    case unit(String)
    case states
    case state(String)
    case machines
    case discovery
    // The original has none of these.
    case changes
    case drains
    case drain(machine: String)
    case rebalance
    case updates
    case update(String)

    /// Prefix of all paths.
    package static let prefix = "/fleet/v1"
    /// Its older name, for which servers listen as well.
    package static let olderPrefix = "/v1-alpha"

    /// The path below the prefix, one component after the other, not percent-encoded.
    package var components: [String] {
        switch self {
        case .units: ["units"]
        case .unit(let name): ["units", name]
        case .states: ["state"]
        case .state(let name): ["state", name]
        case .machines: ["machines"]
        case .discovery: ["discovery"]
        case .changes: ["changes"]
        case .drains: ["drains"]
        case .drain(let machine): ["drains", machine]
        case .rebalance: ["rebalance"]
        case .updates: ["updates"]
        case .update(let name): ["updates", name]
        }
    }

    /// - Parameter components: what follows the prefix; nil comes of what names no resource.
    package init?(_ components: [String]) {
        switch (components.first, components.count, components.last ?? "") {
        case ("units", 1, _): self = .units
        case ("state", 1, _): self = .states
        case ("machines", 1, _): self = .machines
        case ("discovery", 1, _): self = .discovery
        case ("changes", 1, _): self = .changes
        case ("drains", 1, _): self = .drains
        case ("rebalance", 1, _): self = .rebalance
        case ("updates", 1, _): self = .updates
        case (_, 2, ""): return nil
        case ("units", 2, let name): self = .unit(name)
        case ("state", 2, let name): self = .state(name)
        case ("drains", 2, let machine): self = .drain(machine: machine)
        case ("updates", 2, let name): self = .update(name)
        default: return nil
        }
    }
}
