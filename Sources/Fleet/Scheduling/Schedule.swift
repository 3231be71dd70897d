import UnitFiles

/// Decides where every unit runs.
///
/// Of the machines that take a unit it goes to the one against which the fewest of its wishes speak
/// (`PreferMachineMetadata`, `PreferApart`), of these to the least loaded, ties to the lowest id. It leaves its
/// machine only when it may not stay there, or when the machine is being drained and another takes it. A whole chain of
/// `MachineOf` is placed at once, and applying the decisions and asking again changes nothing.
///
/// - Returns: first what leaves, then what comes (both by name), then what fits nowhere, with the reasons.
package func schedule(_ cluster: ClusterState) -> [Decision] {
    var pass = SchedulingPass(cluster)
    return pass.run()
}

extension ClusterState {
    /// The cluster once the decisions have been carried out.
    package func applying(_ decisions: [Decision]) -> ClusterState {
        decisions.reduce(into: self) { state, decision in
            switch decision {
            case .schedule(let unit, let machine): state.schedule[unit] = machine
            case .unschedule(let unit, _, _): state.schedule[unit] = nil
            case .unplaceable, .stays: break
            }
        }
    }

    /// The global units that run on one machine, by name: those that are wanted, fit it, and conflict neither with a
    /// unit scheduled there nor with a global unit of an earlier name.
    package func globalUnits(for machine: Machine) -> [Job] {
        let local = jobs.filter { job in
            !job.requirements.isGlobal && job.isWanted && schedule[job.name] == machine.id
        }
        let candidates = jobs.filter { $0.requirements.isGlobal && $0.isWanted }.sorted { $0.name < $1.name }
        return candidates.reduce(into: []) { running, job in
            guard machine.refusal(of: job.requirements) == nil else { return }
            if (local + running).contains(where: { $0.conflicts(with: job) }) { return }
            running.append(job)
        }
    }
}
