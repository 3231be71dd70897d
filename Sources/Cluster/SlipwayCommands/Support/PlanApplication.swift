import Planning
import Provisioning
import Synchronization
import Terminal
import TopologyModel
import Workspace

/// One plan being carried out: asked about where it destroys something, applied while Ctrl-C is heeded, and recorded in
/// its cluster's history.
final class PlanApplication: Sendable {
    private let plan: Plan
    private let cluster: ClusterName
    private let command: ChangeCommand
    private let workspace: HostWorkspace
    private let lease: ClusterLease
    private let events: ProgressPrinter
    private let progress: Mutex<RunProgress>

    /// - Parameter lease: of the plan's cluster, which is held meanwhile.
    init(_ plan: Plan, _ command: ChangeCommand, _ workspace: HostWorkspace, _ lease: ClusterLease) throws {
        self.plan = plan
        self.command = command
        self.workspace = workspace
        self.lease = lease
        cluster = try ClusterName(plan.cluster)
        events = ProgressPrinter(format: command.json ? .json : .text)
        progress = Mutex(RunProgress(steps: plan.steps.count))
    }

    /// Asks, applies and records.
    ///
    /// - Throws: ``ToldFailure`` where the answer is no, where steps have failed, and where it was stopped.
    func run() async throws {
        let printer = PlanPrinter(json: command.json)
        printer.announce(plan, bootsAtATime: bootBound.most)
        try await confirm()
        let executors = (patient: try executor(command.patience), hasty: try executor(.zero))
        try checkDiscovery()
        let begun = await recordBeginning()
        let begin = ContinuousClock.now
        do {
            try await apply(by: executors.patient, orInHaste: executors.hasty)
        } catch let failure as PlanFailure {
            await record(.failed, failure.failures.map { "\($0.step.id)" }, since: begin, begun)
            printer.failed(failure)
            let text = command.failed(failure.failures.count)
            Output.note(text)
            throw ToldFailure(text, isAboutHost: true)
        } catch {
            await record(.stopped, since: begin, begun)
            throw error
        }
        printer.carriedOut(in: .now - begin)
        await record(.done, since: begin, begun)
    }

    private func confirm() async throws {
        let destroyed = plan.destructiveSteps
        guard !destroyed.isEmpty, !command.yes else { return }
        let question = "This destroys what is stored on \(Format.count(destroyed.count, "thing")) marked '-'."
        let isConfirmed = try await Interrupt.untouched(ChangeCommand.nothingWasChanged) {
            try await Question.isConfirmed(question)
        }
        guard isConfirmed else {
            Output.note("Nothing was changed.")
            throw ToldFailure("Nothing was changed.")
        }
    }

    private func checkDiscovery() throws {
        guard plan.discovery != nil, workspace.isRemote else { return }
        throw UserError(
            "etcd's members would meet at libvirt's host \(workspace.uri), where slipway cannot serve discovery. "
                + "Run `slipway discovery serve` there and give a token's URL as `discovery` under `etcd`."
        )
    }

    // MARK: Applying

    private var bootBound: BootBound { workspace.bootBound(atMost: command.mostBoots) }

    private func executor(_ patience: Duration) throws -> Executor {
        var limits = Executor.Limits(shutdown: patience)
        limits.trial = command.trial
        return try workspace.executor(
            cluster: cluster,
            certificates: plan.nodes.compactMap(\.certificates),
            limits: limits,
            boots: bootBound,
            check: { [lease] in try await lease.check() },
            emit: { self.take($0) },
        )
    }

    /// Shows an event, and tells whoever waits for the cluster how far it is.
    private func take(_ event: Event) {
        events.take(event)
        lease.tell(
            progress.withLock { progress in
                progress.take(event) { StepTitle($0.action).text }
                return progress
            }
        )
        command.timeline?.take(event)
    }

    private func apply(by patient: Executor, orInHaste hasty: Executor) async throws {
        let apply: @Sendable (Executor) async throws -> Void = { [events, plan] executor in
            try await events.during { try await executor.apply(plan) }
        }
        // What is taken down for good need not be asked twice.
        let insists = plan.purpose == .tearDown && command.patience > .zero
        try await Interrupt.guarding(
            advice: command.goOn,
            insisting: insists ? ("cuts the nodes' power and goes on", { try await apply(hasty) }) : nil,
        ) { [self] in
            try await workspace.discovery(of: cluster).serving(plan.discovery) { try await apply(patient) }
        }
    }

    // MARK: History

    /// Records that the plan begins, where etcd is to answer all the while.
    private func recordBeginning() async -> HistoryEntry? {
        // An etcd that is to be whole first, or anew, has nowhere to record it, or forgets it.
        guard plan.purpose != .tearDown, plan.purpose != .restore,
            !plan.steps.contains(where: { $0.id == "etcd/quorum" })
        else { return nil }
        return await workspace.recordBeginning(command.line, steps: plan.steps.count, of: plan.cluster)
    }

    /// Records in the cluster what was done to it.
    private func record(
        _ outcome: HistoryEntry.Outcome,
        _ failed: [String] = [],
        since begin: ContinuousClock.Instant,
        _ begun: HistoryEntry?,
    ) async {
        // It takes its history with it.
        guard plan.purpose != .tearDown else { return }
        let took = ContinuousClock.now - begin
        let rungs = progress.withLock(\.rungs)
        // A command that was interrupted is recorded all the same.
        let complaint = await Task { [plan, workspace, command] in
            await workspace.record(
                command.line,
                outcome,
                steps: plan.steps.count,
                failed: failed,
                took: took,
                rungs: rungs.isEmpty ? nil : rungs,
                begun: begun,
                of: plan.cluster,
            )
        }.value
        // Where steps failed, that etcd does not answer is no news.
        if let complaint, outcome == .done { Output.note("The cluster's history does not have this: \(complaint)") }
    }
}
