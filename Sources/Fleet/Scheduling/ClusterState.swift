/// Input of the scheduler.
package struct ClusterState: Sendable, Hashable {
    /// Machines there are.
    package var machines: [Machine]
    /// Jobs there are.
    package var jobs: [Job]
    /// The id of the machine each scheduled unit is on, by the unit's name. Global units are not in it.
    package var schedule: [String: String]
    /// The units that may leave machines that are being drained; nil for all of them.
    package var evacuating: Set<String>?

    package init(
        machines: [Machine],
        jobs: [Job],
        schedule: [String: String] = [:],
        evacuating: Set<String>? = nil,
    ) {
        self.machines = machines
        self.jobs = jobs
        self.schedule = schedule
        self.evacuating = evacuating
    }
}
