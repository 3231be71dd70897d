import Diagnostics
import TopologyModel
import UnitFiles

/// A cluster that is made from a backup: its members begin with the backup's keys, and what is in them is not planned
/// anew.
extension PlanBuilder {
    /// Adds the step by which a member that was just made gets its keys, and returns it.
    ///
    /// - Parameter peers: the members that begin together.
    mutating func planRestoredMember(
        _ plan: NodePlan,
        _ source: RestoreSource,
        peers: [EtcdPeer],
        needs: [StepID],
    ) -> StepID {
        let id: StepID = "etcd/restore/\(plan.name)"
        let cluster = EtcdPeer.initialCluster(peers)
        let action = RestoreAction.member(plan, source, initialCluster: cluster, isNew: true)
        add(Step(id, .restore(action), reason: "etcd begins with \(source.words)", needs: needs))
        return id
    }

    /// Adds the step that writes the keys of etcd's v2 store, where there are any, as the gate for what comes next.
    mutating func planLegacyKeys(_ source: RestoreSource, _ members: [NodePlan]) {
        guard !source.legacyKeys.isEmpty else { return }
        let action = RestoreAction.legacyKeys(source, endpoints: members.map(\.clientURL))
        add(Step("etcd/restore/v2", .restore(action), reason: "a snapshot does not hold them", needs: gate))
        etcdGate = "etcd/restore/v2"
    }

    /// Units are where the backup has them; those that were to run are awaited.
    mutating func planRestoredUnits(_ source: RestoreSource) {
        let units = topology.units.map(unitPlan).filter {
            source.launched.contains($0.name) && $0.desiredState == .launched
        }
        guard !units.isEmpty else { return }
        let reason = "they ran when the backup was made"
        add(Step("units/active", .awaitUnits(units), reason: reason, needs: unique(settled)))
    }

    /// Refuses members that cannot wait for their keys.
    func checkRestorable() throws(DiagnosticsError) {
        guard inputs.restore != nil else { return }
        let ignited = topology.roles.filter { $0.etcd == .member && ($0.image.map { $0.kind != .cloudInit } ?? false) }
        guard ignited.isEmpty else {
            throw DiagnosticsError(
                ignited.map { role in
                    .error("members of role '\(role.name)' are set up by Ignition, and cannot begin with a backup")
                }
            )
        }
    }
}
