import Diagnostics
import Planning
import Provisioning
import SecureShell
import TopologyModel
import Workspace

/// The changes that commands make to a cluster, each under the cluster's lock and in one order: observe and plan, show
/// what was found, carry the plan out (``PlanApplication``), say that it is done.
struct PlanRunner: Sendable {
    let workspace: HostWorkspace
    let command: ChangeCommand

    var printer: PlanPrinter { PlanPrinter(json: command.json) }

    /// Brings a cluster to its topology.
    ///
    /// - Returns: the plan that was carried out, which may have been empty.
    @discardableResult
    func converge(
        _ topology: Topology,
        sources: [String: String] = [:],
        renewsCertificates: Bool = false,
        replaced: Set<String> = [],
    ) async throws -> Plan {
        try workspace.checkRights(to: topology)
        return try await changing(ClusterName(topology.name)) { cluster, lease in
            try await healFaults(of: cluster)
            let plan = try await step(topology, sources, renewsCertificates, replaced, lease)
            // etcd has its majority back; what it lacked it for can be planned now.
            guard plan.continues else { return [plan] }
            let left = replaced.subtracting(plan.removedNodes + plan.madeNodes)
            return [plan, try await step(topology, sources, renewsCertificates, left, lease, isRest: true)]
        }
    }

    /// Plans and carries the plan out.
    private func step(
        _ topology: Topology,
        _ sources: [String: String],
        _ renewsCertificates: Bool,
        _ replaced: Set<String>,
        _ lease: ClusterLease,
        isRest: Bool = false,
    ) async throws -> Plan {
        let planned = try await Interrupt.untouched(isRest ? command.goOn : ChangeCommand.nothingWasChanged) {
            try await workspace.plan(
                topology,
                renewsCertificates: renewsCertificates,
                replaced: replaced,
                progress: Output.note,
            )
        }
        try show(planned, sources)
        if !planned.plan.isEmpty {
            try await carryOut(planned, lease)
        } else if !isRest {
            printer.nothingToDo(planned.plan)
        }
        return planned.plan
    }

    /// Reboots nodes of a cluster that is as its topology says.
    func roll(_ topology: Topology, _ roll: Roll, sources: [String: String]) async throws {
        try workspace.checkRights(to: topology)
        try await changing(ClusterName(topology.name)) { _, lease in
            let planned = try await Interrupt.untouched(ChangeCommand.nothingWasChanged) {
                try await workspace.plan(topology, roll, progress: Output.note)
            }
            try printer.show(planned.plan.warnings, sources: sources)
            if planned.plan.isEmpty {
                printer.nothingToDo(planned.plan)
            } else {
                try await carryOut(planned, lease)
            }
            return [planned.plan]
        }
    }

    /// Gives nodes another image, or the one before.
    ///
    /// - Returns: the plan that was carried out, which may have been empty.
    func upgrade(
        _ topology: Topology,
        _ upgrade: @escaping @Sendable (PlannerInputs) throws -> Upgrade,
        sources: [String: String],
    ) async throws -> Plan {
        try workspace.checkRights(to: topology)
        return try await changing(ClusterName(topology.name)) { cluster, lease in
            try await healFaults(of: cluster)
            let planned = try await Interrupt.untouched(ChangeCommand.nothingWasChanged) {
                try await workspace.plan(topology, upgrade, progress: Output.note)
            }
            try refuseGuess(planned.plan)
            try printer.show(planned.plan.warnings, sources: sources)
            if !planned.plan.isEmpty { try await carryOut(planned, lease) }
            return [planned.plan]
        }
    }

    /// Makes a cluster from a backup, or puts it into one that exists.
    ///
    /// - Parameters:
    ///   - survivors: names of the only members that it is put into, where the others are lost; nil for all.
    ///   - keepsAdopted: whether the workspace's keys are another host's, and have to be kept.
    /// - Returns: the plan that was carried out.
    @discardableResult
    func restore(
        _ topology: Topology,
        _ source: RestoreSource,
        survivors: Set<String>? = nil,
        sources: [String: String],
        keepsAdopted: Bool = false,
    ) async throws -> Plan {
        let name = try ClusterName(topology.name)
        try workspace.checkRights(to: topology)
        return try await changing(name) { cluster, lease in
            let planned = try await Interrupt.untouched(ChangeCommand.nothingWasChanged) {
                try await workspace.plan(topology, restoring: source, survivors: survivors, progress: Output.note)
            }
            try show(planned, sources)
            if keepsAdopted { try workspace.keepAdopted(of: cluster) }
            try await carryOut(planned, lease)
            return [planned.plan]
        }
    }

    /// Puts a cluster back to a snapshot.
    func putBack(_ cluster: ClusterName, to name: SnapshotName) async throws {
        try await changing(cluster) { cluster, lease in
            let planned = try await Interrupt.untouched(ChangeCommand.nothingWasChanged) {
                try await workspace.plan(try await workspace.snapshot(of: cluster, named: name))
            }
            try await carryOut(planned, lease)
            return [planned.plan]
        }
    }

    // MARK: What they share

    /// Makes a change under the cluster's lock, and says that it is done.
    ///
    /// - Parameter change: returns the plans that it carried out, one after the other.
    /// - Returns: the last of them that had something to do; the first where none had.
    @discardableResult
    func changing(
        _ cluster: ClusterName,
        _ change: (ClusterName, ClusterLease) async throws -> [Plan],
    ) async throws -> Plan {
        try await workspace.changing(cluster, purpose: command.line, note: Output.note) { lease in
            let begin = ContinuousClock.now
            let plans = try await change(cluster, lease)
            if command.isLast { try printer.done(plans, in: .now - begin) }
            return plans.last { !$0.isEmpty } ?? plans[0]
        }
    }

    /// Shows what planning found, and what this host lacks for it.
    private func show(_ planned: PlannedCluster, _ sources: [String: String]) throws {
        try refuseGuess(planned.plan)
        try printer.show(planned.plan.warnings + HostCapacity.shortages(of: planned, workspace), sources: sources)
    }

    private func refuseGuess(_ plan: Plan) throws {
        if let file = command.assumedFile { try plan.refuseGuess(of: file) }
    }

    /// Carries a plan out whose nodes, and those that leave by it, can be reached by ssh from here.
    private func carryOut(_ planned: PlannedCluster, _ lease: ClusterLease) async throws {
        try workspace.sshTargets(planned.plan, observed: planned.observed.provider.nodes)
        try await PlanApplication(planned.plan, command, workspace, lease).run()
    }

    /// Undoes what a chaos run left that was killed.
    private func healFaults(of cluster: ClusterName) async throws {
        let nodes = try await workspace.provider.observe().nodes(of: cluster.description).filter(\.hasDomain)
        guard !nodes.isEmpty else { return }
        _ = try workspace.sshTargets(cluster: cluster, nodes: nodes)
        let advice = "Stopped; what a chaos run left is undone: slipway chaos \(cluster) --heal"
        let healed = try await Interrupt.untouched(advice) {
            try await ChaosHealing.heal(cluster, nodes: nodes, workspace)
        }
        guard let healed else { return }
        // What the plan mends is no reason not to make one.
        Output.note(([healed.text] + healed.troubles.map { "Not done yet: \($0)" }).joined(separator: "\n"))
    }
}
