import Planning
import Provisioning
import SystemPackage
import TopologyModel
import Workspace

extension PlanRunner {
    /// Removes all there is of a cluster.
    ///
    /// - Parameter keepsSnapshots: whether its snapshots stay, and the keys with which it can be made from them.
    func tearDown(_ cluster: ClusterName, keepsSnapshots: Bool = false) async throws {
        try await changing(cluster) { cluster, lease in
            let observed = try await workspace.provider.observe()
            try check(observed.nodes(of: cluster.description))
            let plan = try Planner.tearDown(
                cluster.description,
                observed: observed,
                gently: command.patience > .zero,
                keepsSnapshots: keepsSnapshots,
            )
            if plan.isEmpty {
                printer.report("There is no cluster '\(cluster)'.")
            } else {
                if !plan.lastMembers.isEmpty { try workspace.sshTargets(plan, observed: observed.nodes) }
                try await PlanApplication(plan, command, workspace, lease).run()
            }
            // A cluster of that name may be on this host, of which the other knows nothing.
            let isKept = keepsSnapshots && !observed.snapshots(of: cluster.description).isEmpty
            if !isKept, !plan.isEmpty || !workspace.isRemote { try await forget(cluster) }
            return [plan]
        }
    }

    /// Throws for nodes that this user, or this host, cannot remove.
    private func check(_ nodes: [ObservedNode]) throws {
        try workspace.checkRights(to: nodes)
        for node in nodes {
            guard case .elsewhere? = node.obstacle, let obstacle = node.obstacle else { continue }
            throw UserError("node '\(node.name)': \(obstacle); \(obstacle.advice)")
        }
    }

    /// Removes what this host keeps of the cluster, and its backups' timer.
    private func forget(_ cluster: ClusterName) async throws {
        try workspace.forget(cluster)
        let home = workspace.home.string
        guard HostWorkspace.substitutes == nil,
            let units = ScheduleUnits.existing(of: cluster, uri: workspace.uri, home: home),
            try await units.remove()
        else { return }
        Output.note("Removed \(units.timer); the backups stay.")
    }
}
