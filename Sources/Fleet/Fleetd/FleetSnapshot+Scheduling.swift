import FleetState
import Scheduling

extension FleetSnapshot {
    /// The scheduler's input.
    package var clusterState: ClusterState {
        ClusterState(
            machines: machines.keys.sorted().map(schedulingMachine),
            jobs: units.keys.sorted().compactMap { name in units[name].map { job($0) } },
            schedule: schedule.mapValues(\.value),
        )
    }

    func schedulingMachine(_ id: String) -> Machine {
        let record = machines[id]?.record
        let resources = record?.memory.flatMap { memory in
            record?.cpus.map { Machine.Resources(memory: memory, cpus: $0) }
        }
        return Machine(
            id: id,
            metadata: metadata(of: id),
            primaryIP: record?.primaryIP ?? "",
            resources: resources,
            isDraining: draining.contains(id),
        )
    }

    private func job(_ unit: StoredUnit) -> Job {
        Job(name: unit.name, requirements: unit.requirements, targetState: target(of: unit.name))
    }
}
