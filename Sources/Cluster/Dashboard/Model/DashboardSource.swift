import Basics
import FleetState
import Planning
import Provisioning
import Scheduling
import UnitFiles

/// Where the dashboard has clusters from.
package protocol DashboardSource: Sendable {
    /// Name of the host on which the clusters are.
    var host: String { get }
    /// Follows clusters until the task is cancelled, and calls `show` with what is seen first and after each change.
    func follow(_ show: @escaping @Sendable (HostLook) -> Void) async
    /// Lines of a node's journal, the last ones first and then each as it is written; ends with the node.
    func journal(of node: String, in cluster: String) async throws -> AsyncThrowingStream<String, any Error>
    /// What a node is busy with, every few seconds; ends with the node.
    func load(of node: String, in cluster: String) async throws -> AsyncThrowingStream<NodeLoad, any Error>
    /// Members of etcd that nodes without one have connections to now, by the name of such a node.
    func uses(of cluster: String) async throws -> [String: [String]]
    /// Steps that `slipway up` would take.
    func plan(of cluster: String) async throws -> PlanDocument
    /// What was done to a cluster, the newest first.
    func history(of cluster: String) async throws -> [HistoryEntry]
    /// Figures as `slipway metrics` prints them, of all clusters that exist.
    func metrics() async throws -> String
    /// Words of the command that does what a page asks for, without the program's name.
    func command(for action: DashboardAction, at look: ClusterLook) throws -> [String]
    /// Runs a command of slipway's until it ends; cancelled, it is stopped as by Ctrl-C, and waited for.
    ///
    /// - Parameters:
    ///   - answers: to its questions; their end is no to all that come.
    ///   - say: called with what it says, as it says it.
    /// - Returns: its exit code.
    func run(
        _ words: [String],
        answers: AsyncStream<Bool>,
        say: @escaping @Sendable (CommandOutput) -> Void,
    ) async throws -> Int32
}

/// Failure of a request, in words for the person at the browser.
package struct DashboardError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// Plan of `slipway up` as the page gets it.
package struct PlanDocument: Sendable, Hashable, Encodable {
    /// Step of the plan.
    package struct Step: Sendable, Hashable, Encodable {
        /// What is done.
        package var title: String
        /// Why.
        package var reason: String
        /// `none`, `restarts` or `destroys`.
        package var cost: String

        package init(title: String, reason: String, cost: String) {
            (self.title, self.reason, self.cost) = (title, reason, cost)
        }
    }

    /// Path of the topology file; nil where none is known, and then there is no plan.
    package var file: String?
    /// Steps in their order.
    package var steps: [Step]
    /// Remarks on the plan; where there is no file, what to do.
    package var notes: [String]

    package init(file: String?, steps: [Step] = [], notes: [String] = []) {
        (self.file, self.steps, self.notes) = (file, steps, notes)
    }
}

/// A unit as the page gets it: text, fate, and what each machine says to it.
package struct UnitDocument: Sendable, Hashable, Encodable {
    /// The unit on one machine.
    package struct Place: Sendable, Hashable, Encodable {
        /// Name of the node.
        package var node: String
        /// systemd's states, such as `active/running`; nil where the unit is not.
        package var state: String?
        /// Reason why it is not as wanted there.
        package var reason: String?
        /// Why the machine does not take the unit; nil when it would.
        package var refusal: String?
        /// True where the unit is scheduled.
        package var isHere: Bool
        /// Number of units on the machine.
        package var units: Int
    }

    /// Name with suffix.
    package var name: String
    /// Text of the file.
    package var text: String
    /// State wanted of it.
    package var wanted: String
    /// Reason why it is not as wanted; nil when it is.
    package var reason: String?
    /// Machines in the order of their nodes.
    package var places: [Place]

    /// Nil where there is no such unit.
    ///
    /// - Parameter names: nodes by the ID of their machine.
    package init?(_ name: String, in fleet: FleetSnapshot, names: [String: String]) {
        guard let unit = fleet.units[name] else { return nil }
        self.name = name
        text = unit.file.canonicalText
        wanted = fleet.target(of: name).rawValue
        reason = fleet.reason(of: name)
        let cluster = fleet.clusterState
        let job = cluster.jobs.first { $0.name == name }
        places = cluster.machines.map { machine in
            let there = cluster.jobs(on: machine)
            let state = fleet.states[name]?[machine.id]?.state
            return Place(
                node: names[machine.id] ?? String(machine.id.prefix(8)),
                state: state.map { "\($0.activeState)/\($0.subState)" },
                reason: state?.reason,
                refusal: job.flatMap { cluster.refusal(of: $0, by: machine, there) }.map { "\($0)" },
                isHere: there.contains { $0.name == name },
                units: there.count,
            )
        }.naturallySorted(by: \.node)
    }
}
