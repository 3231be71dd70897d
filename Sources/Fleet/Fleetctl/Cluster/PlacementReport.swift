import FleetAPI
import Scheduling
import UnitFiles

/// Which machines may take a unit, and why the others may not: worked out here from what the API shows, so that the
/// original's API will do, too.
package struct PlacementReport: Sendable, Hashable, Encodable {
    /// Answer of one machine.
    package struct Row: Sendable, Hashable, Encodable {
        /// Machine that answers.
        package var machineID: String
        /// True when the unit is scheduled on it.
        package var isHere: Bool
        /// Reason why the machine does not take the unit; nil when it would.
        package var refusal: String?
        /// Number of units on the machine.
        package var units: Int
    }

    /// Unit that is asked for.
    package var unit: String
    /// State wanted of it.
    package var desiredState: String
    /// Machine on which it is scheduled; nil for none.
    package var machineID: String?
    /// Reason that fleet itself reports.
    package var reason: String?
    /// True when it runs on every machine that it fits.
    package var isGlobal: Bool
    /// Answers of all machines.
    package var machines: [Row]
}

extension PlacementReport {
    /// - Parameters:
    ///   - units: all of the cluster.
    ///   - draining: ids of the machines that are being drained.
    package init(of unit: APIUnit, units: [APIUnit], machines: [APIMachine], draining: Set<String> = []) {
        let cluster = ClusterState(
            machines: machines.map { machine in
                Machine(id: machine.id, metadata: machine.metadata ?? [:], isDraining: draining.contains(machine.id))
            },
            jobs: units.compactMap(Self.job),
            schedule: Dictionary(units.compactMap { unit in unit.machineID.map { (unit.name, $0) } }) { $1 },
        )
        let job = Self.job(unit)
        self.init(
            unit: unit.name,
            desiredState: unit.target.rawValue,
            machineID: unit.machineID,
            reason: unit.statusReason,
            isGlobal: unit.isGlobal,
            machines: cluster.machines.map { machine in
                let there = cluster.jobs(on: machine)
                return Row(
                    machineID: machine.id,
                    isHere: there.contains { $0.name == unit.name },
                    refusal: job.flatMap { cluster.refusal(of: $0, by: machine, there) }.map { "\($0)" },
                    units: there.count,
                )
            },
        )
    }

    private static func job(_ unit: APIUnit) -> Job? {
        guard let name = try? UnitName(unit.name) else { return nil }
        return Job(name: name, unit: unit.file, targetState: unit.target)
    }
}
