import Planning
import Provisioning
import Terminal
import Workspace

/// What is recorded of a plan in its cluster.
extension PlanRunner {
    /// Records that a plan begins, where etcd is to answer all the while.
    func recordBeginning(of plan: Plan) async -> HistoryEntry? {
        // An etcd that is to be whole first, or anew, has nowhere to record it, or forgets it.
        guard plan.purpose != .tearDown, plan.purpose != .restore,
            !plan.steps.contains(where: { $0.id == "etcd/quorum" })
        else { return nil }
        return await workspace.recordBeginning(command, steps: plan.steps.count, of: plan.cluster)
    }

    /// Records in the cluster what was done to it.
    func record(
        _ plan: Plan,
        _ outcome: HistoryEntry.Outcome,
        _ failed: [String],
        _ progress: RunProgress,
        since begin: ContinuousClock.Instant,
        _ begun: HistoryEntry?,
    ) async {
        // It takes its history with it.
        guard plan.purpose != .tearDown else { return }
        let took = ContinuousClock.now - begin
        // A command that was interrupted is recorded all the same.
        let complaint = await Task { [workspace, command] in
            await workspace.record(
                command,
                outcome,
                steps: plan.steps.count,
                failed: failed,
                took: took,
                rungs: progress.rungs.isEmpty ? nil : progress.rungs,
                begun: begun,
                of: plan.cluster,
            )
        }.value
        // Where steps failed, that etcd does not answer is no news.
        if let complaint, outcome == .done { Output.note("The cluster's history does not have this: \(complaint)") }
    }
}
