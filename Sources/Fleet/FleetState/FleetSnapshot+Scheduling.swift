import Scheduling
import UnitFiles

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

    /// The global units that a machine takes, by name: worked out from those and its own units alone, as every machine
    /// asks it at every change.
    package func globalUnits(on machine: String) -> [Job] {
        let relevant = units.values.filter { $0.requirements.isGlobal || schedule[$0.name]?.value == machine }
        guard relevant.contains(where: \.requirements.isGlobal) else { return [] }
        let jobs = relevant.map(job).sorted { $0.name < $1.name }
        let placed = jobs.reduce(into: [String: String]()) { $0[$1.name] = schedule[$1.name]?.value }
        return ClusterState(machines: [], jobs: jobs, schedule: placed).globalUnits(for: schedulingMachine(machine))
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
