import Scheduling

extension FleetSnapshot {
    /// The scheduler's input.
    package var clusterState: ClusterState {
        ClusterState(
            machines: machines.keys.sorted().map(schedulingMachine),
            jobs: units.keys.sorted().compactMap { name in units[name].map { job($0) } },
            schedule: schedule.mapValues(\.value),
            evacuating: unitsOfLeavingMachines.isEmpty ? nil : Set(units.keys).subtracting(unitsOfLeavingMachines),
        )
    }

    /// Units on machines that leave. Such a machine stops them by itself, and they are placed elsewhere once it has gone,
    /// so that none runs twice.
    private var unitsOfLeavingMachines: Set<String> {
        let leaving = machines.filter { $0.value.record.isLeaving == true }
        guard !leaving.isEmpty else { return [] }
        return Set(schedule.filter { leaving[$0.value.value] != nil }.keys)
    }

    /// Machine as the scheduler takes it.
    package func schedulingMachine(_ id: String) -> Machine {
        let record = machines[id]?.record
        let resources = record?.memory.flatMap { memory in
            record?.cpus.map { Machine.Resources(memory: memory, cpus: $0) }
        }
        return Machine(
            id: id,
            metadata: metadata(of: id),
            primaryIP: record?.primaryIP ?? "",
            resources: resources,
            isDraining: draining.contains(id) || record?.isLeaving == true,
        )
    }

    private func job(_ unit: StoredUnit) -> Job {
        Job(name: unit.name, requirements: unit.requirements, targetState: target(of: unit.name))
    }
}
