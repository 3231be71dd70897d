import UnitFiles

/// True when a machine is what a unit asks for, whatever else runs there: `MachineID` and `MachineMetadata`.
struct MachineFit {
    /// The machines that are what some units ask for.
    final class Machines: Sendable {
        /// For each machine, whether it is.
        let fits: [Bool]
        /// Those that are, by number.
        let all: [Int]

        init(_ fits: [Bool]) {
            self.fits = fits
            all = fits.indices.filter { fits[$0] }
        }

        subscript(_ machine: Int) -> Bool { fits[machine] }
    }

    private struct Demand: Hashable {
        let machineID: String?
        let metadata: [String: Set<String>]
    }

    private let machines: [Machine]
    private var known: [Demand: Machines] = [:]

    init(machines: [Machine]) {
        self.machines = machines
    }

    mutating func fits(_ requirements: FleetRequirements) -> Machines {
        let demand = Demand(machineID: requirements.machineID, metadata: requirements.metadata)
        if let fits = known[demand] { return fits }
        let fits = Machines(machines.map { $0.refusal(of: requirements) == nil })
        known[demand] = fits
        return fits
    }
}

extension Machine {
    /// Returns the reason why the machine is not what `requirements` ask for, whatever else runs there; nil when it is.
    package func refusal(of requirements: FleetRequirements) -> Refusal? {
        if let required = requirements.machineID, required != id, required != shortID {
            return .machineID(required: required)
        }
        if requirements.metadata.isEmpty { return nil }
        let lacking = requirements.metadata.keys.sorted().first { key in
            metadata[key].map { !(requirements.metadata[key] ?? []).contains($0) } ?? true
        }
        return lacking.map { key in
            .metadata(key: key, required: requirements.metadata[key] ?? [], found: metadata[key])
        }
    }
}
