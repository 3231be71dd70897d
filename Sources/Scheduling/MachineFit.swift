import UnitFiles

/// Whether a machine is what a unit asks for, whatever else runs there: `MachineID` and `MachineMetadata`.
struct MachineFit {
    private struct Demand: Hashable {
        let machineID: String?
        let metadata: [String: Set<String>]
    }

    private let machines: [Machine]
    private var known: [Demand: [Bool]] = [:]

    init(machines: [Machine]) {
        self.machines = machines
    }

    /// For each machine, whether it is.
    mutating func fits(_ requirements: FleetRequirements) -> [Bool] {
        let demand = Demand(machineID: requirements.machineID, metadata: requirements.metadata)
        if let fits = known[demand] { return fits }
        let fits = machines.map { $0.refusal(of: requirements) == nil }
        known[demand] = fits
        return fits
    }
}

extension Machine {
    /// Why the machine is not what `requirements` ask for, whatever else runs there; nil when it is.
    package func refusal(of requirements: FleetRequirements) -> Refusal? {
        if let required = requirements.machineID, required != id, required != shortID {
            return .machineID(required: required)
        }
        let lacking = requirements.metadata.keys.sorted().first { key in
            metadata[key].map { !(requirements.metadata[key] ?? []).contains($0) } ?? true
        }
        return lacking.map { key in
            .metadata(key: key, required: requirements.metadata[key] ?? [], found: metadata[key])
        }
    }
}
