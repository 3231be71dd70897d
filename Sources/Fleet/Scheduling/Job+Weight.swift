import UnitFiles

extension Job {
    /// Returns the unit's share of the machine's load. An ordinary unit is 1; `Weight=` says otherwise; one with
    /// `MemoryMax=` or `CPUQuota=` is 1 for each tenth of the machine's memory or CPUs that it may use.
    package func weight(on machine: Machine) -> Int {
        if let weight = requirements.weight { return weight }
        guard let resources = machine.resources else { return 1 }
        let memory = requirements.limits.memory.map { limit in
            switch limit {
            case .percent(let percent): Job.tenths(Double(percent), of: 100)
            case .bytes(let bytes): Job.tenths(Double(bytes), of: Double(resources.memory))
            }
        }
        let cpu = requirements.limits.cpuPercent.map { Job.tenths(Double($0), of: Double(resources.cpus) * 100) }
        return max(memory ?? 1, cpu ?? 1)
    }

    /// True when the unit weighs something else on one machine than on another.
    var hasLimitsOnly: Bool {
        requirements.weight == nil && (requirements.limits.memory != nil || requirements.limits.cpuPercent != nil)
    }

    private static func tenths(_ part: Double, of whole: Double) -> Int {
        guard whole > 0 else { return 1 }
        return Int(min(max((part / whole * 10).rounded(.up), 1), 1000))
    }
}

extension Machine {
    /// Returns the number of keys of `PreferMachineMetadata` for which the machine has no wanted value.
    package func unmetPreferences(of requirements: FleetRequirements) -> Int {
        requirements.preferredMetadata.count { key, values in !values.contains(metadata[key] ?? "") }
    }
}
