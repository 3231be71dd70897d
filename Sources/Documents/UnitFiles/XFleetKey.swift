/// The keys of `[X-Fleet]`, and the spellings they had before.
package enum XFleetKey: String, Sendable, Hashable, CaseIterable {
    case machineID = "MachineID"
    case machineOf = "MachineOf"
    case machineMetadata = "MachineMetadata"
    case conflicts = "Conflicts"
    case replaces = "Replaces"
    case global = "Global"
    case weight = "Weight"
    case preferMachineMetadata = "PreferMachineMetadata"
    case preferApart = "PreferApart"

    /// The section they stand in.
    package static let section = "X-Fleet"

    /// Every accepted spelling; the one to use comes first, and for `MachineID` the order is the precedence.
    package var spellings: [String] {
        switch self {
        case .machineID: [rawValue, "X-ConditionMachineID", "X-ConditionMachineBootID"]
        case .machineOf: [rawValue, "X-ConditionMachineOf"]
        case .machineMetadata: [rawValue, "X-ConditionMachineMetadata"]
        case .conflicts: [rawValue, "X-Conflicts"]
        case .replaces, .global, .weight, .preferMachineMetadata, .preferApart: [rawValue]
        }
    }

    /// Finds the key that is spelt `name`, exactly.
    package init?(spelling name: String) {
        guard let key = XFleetKey.allCases.first(where: { $0.spellings.contains(name) }) else { return nil }
        self = key
    }
}
