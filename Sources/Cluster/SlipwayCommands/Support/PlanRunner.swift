import ArgumentParser
import Diagnostics
import Planning
import Provisioning
import SecureShell
import Synchronization
import SystemPackage
import Terminal
import TopologyModel
import Workspace

/// Plans under the cluster's lock, asks where something would be destroyed, and carries the plan out.
struct PlanRunner: Sendable {
    let workspace: HostWorkspace
    let command: String
    let json: Bool
    let yes: Bool
    /// Time that a node may take to shut down before its power is cut.
    var patience = StopOptions.standard
    /// Time in which a node has to be well on another image before it goes back by itself.
    var trial = Executor.Limits().trial
    /// Largest number of nodes that boot at a time; nil for as many as the host can carry.
    var mostBoots: Int?
    /// Recorder of what each step takes; nil for none.
    var timeline: TimelineRecorder?

    /// False where the command goes on with another plan, and is not done with this one.
    var isLast = true

    /// Way on after it was stopped or has failed, where that is not the same command again.
    var wayOn: String?

    /// The file that came with the program and that a bare name was taken for: a cluster that is another's is not
    /// changed by it. Nil where a file was named.
    var assumedFile: String?

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
        return try await workspace.changing(ClusterName(topology.name), purpose: command, note: Output.note) { lease in
            let begin = ContinuousClock.now
            try await healFaults(of: topology.name)
            let plan = try await step(topology, sources, renewsCertificates, replaced, lease)
            // etcd has its majority back; what it lacked it for can be planned now.
            guard plan.continues else {
                try done([plan], since: begin)
                return plan
            }
            let left = replaced.subtracting(plan.removedNodes + plan.madeNodes)
            let rest = try await step(topology, sources, renewsCertificates, left, lease, isRest: true)
            try done([plan, rest], since: begin)
            return rest.isEmpty ? plan : rest
        }
    }

    /// Undoes what a chaos run left that was killed.
    private func healFaults(of cluster: String) async throws {
        let name = try ClusterName(cluster)
        let nodes = try await workspace.provider.observe().nodes(of: cluster).filter(\.hasDomain)
        guard !nodes.isEmpty else { return }
        _ = try workspace.sshTargets(cluster: name, nodes: nodes)
        let healed = try await untouched("Stopped; what a chaos run left is undone: slipway chaos \(cluster) --heal") {
            try await ChaosHealing.heal(name, nodes: nodes, workspace)
        }
        guard let healed else { return }
        // What the plan mends is no reason not to make one.
        Output.note(([healed.text] + healed.troubles.map { "Not done yet: \($0)" }).joined(separator: "\n"))
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
        let planned = try await untouched(isRest ? goOn : nothingWasChanged) {
            try await workspace.plan(
                topology,
                renewsCertificates: renewsCertificates,
                replaced: replaced,
                progress: Output.note,
            )
        }
        let plan = planned.plan
        if let assumedFile { try plan.refuseGuess(of: assumedFile) }
        try warn(plan.warnings + shortages(of: planned), sources: sources)
        if plan.isEmpty {
            if !isRest { report(plan) }
            return plan
        }
        try workspace.sshTargets(plan, observed: planned.observed.provider.nodes)
        try await carryOut(plan, lease)
        return plan
    }

    /// Reboots nodes of a cluster that is as its topology says.
    func roll(_ topology: Topology, _ roll: Roll, sources: [String: String]) async throws {
        try workspace.checkRights(to: topology)
        return try await workspace.changing(ClusterName(topology.name), purpose: command, note: Output.note) { lease in
            let plan = try await untouched(nothingWasChanged) {
                try await workspace.plan(topology, roll, progress: Output.note)
            }
            try warn(plan.warnings, sources: sources)
            let begin = ContinuousClock.now
            if plan.isEmpty {
                report(plan)
            } else {
                try workspace.sshTargets(plan, observed: [])
                try await carryOut(plan, lease)
            }
            try done([plan], since: begin)
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
        return try await workspace.changing(ClusterName(topology.name), purpose: command, note: Output.note) { lease in
            let begin = ContinuousClock.now
            try await healFaults(of: topology.name)
            let planned = try await untouched(nothingWasChanged) {
                try await workspace.plan(topology, upgrade, progress: Output.note)
            }
            if let assumedFile { try planned.plan.refuseGuess(of: assumedFile) }
            try warn(planned.plan.warnings, sources: sources)
            if !planned.plan.isEmpty {
                try workspace.sshTargets(planned.plan, observed: planned.observed.provider.nodes)
                try await carryOut(planned.plan, lease)
            }
            try done([planned.plan], since: begin)
            return planned.plan
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
        let cluster = try ClusterName(topology.name)
        try workspace.checkRights(to: topology)
        return try await workspace.changing(cluster, purpose: command, note: Output.note) { lease in
            let begin = ContinuousClock.now
            let planned = try await untouched(nothingWasChanged) {
                try await workspace.plan(topology, restoring: source, survivors: survivors, progress: Output.note)
            }
            if let assumedFile { try planned.plan.refuseGuess(of: assumedFile) }
            try warn(planned.plan.warnings + shortages(of: planned), sources: sources)
            if keepsAdopted { try workspace.keepAdopted(of: cluster) }
            try workspace.sshTargets(planned.plan, observed: planned.observed.provider.nodes)
            try await carryOut(planned.plan, lease)
            try done([planned.plan], since: begin)
            return planned.plan
        }
    }

    /// Puts a cluster back to a snapshot.
    func putBack(_ cluster: ClusterName, to name: SnapshotName) async throws {
        try await workspace.changing(cluster, purpose: command, note: Output.note) { lease in
            let begin = ContinuousClock.now
            let planned = try await untouched(nothingWasChanged) {
                try await workspace.plan(try await workspace.snapshot(of: cluster, named: name))
            }
            try workspace.sshTargets(planned.plan, observed: planned.observed.provider.nodes)
            try await carryOut(planned.plan, lease)
            try done([planned.plan], since: begin)
        }
    }

    /// Removes all there is of a cluster.
    ///
    /// - Parameter keepsSnapshots: whether its snapshots stay, and the keys with which it can be made from them.
    @discardableResult
    func tearDown(_ cluster: ClusterName, keepsSnapshots: Bool = false) async throws -> Plan {
        try await workspace.changing(cluster, purpose: command, note: Output.note) { lease in
            let begin = ContinuousClock.now
            let observed = try await workspace.provider.observe()
            try workspace.checkRights(to: observed.nodes(of: cluster.description))
            for node in observed.nodes(of: cluster.description) {
                guard case .elsewhere? = node.obstacle, let obstacle = node.obstacle else { continue }
                throw UserError("node '\(node.name)': \(obstacle); \(obstacle.advice)")
            }
            let plan = try Planner.tearDown(
                cluster.description,
                observed: observed,
                gently: patience > .zero,
                keepsSnapshots: keepsSnapshots,
            )
            if plan.isEmpty {
                if !json { Output.print("There is no cluster '\(cluster)'.") }
            } else {
                if !plan.lastMembers.isEmpty { try workspace.sshTargets(plan, observed: observed.nodes) }
                try await carryOut(plan, lease)
            }
            // A cluster of that name may be on this host, of which the other knows nothing.
            let isKept = keepsSnapshots && !observed.snapshots(of: cluster.description).isEmpty
            if !isKept, !plan.isEmpty || !workspace.isRemote {
                try workspace.forget(cluster)
                let home = workspace.home.string
                if HostWorkspace.substitutes == nil,
                    let units = ScheduleUnits.existing(of: cluster, uri: workspace.uri, home: home),
                    try await units.remove()
                {
                    Output.note("Removed \(units.timer); the backups stay.")
                }
            }
            try done([plan], since: begin)
            return plan
        }
    }

    private func report(_ plan: Plan) {
        if !json { Output.print(PlanText(plan: plan, style: Output.style).text()) }
    }

    /// The last event of a command that has done what it was asked for.
    private func done(_ plans: [Plan], since begin: ContinuousClock.Instant) throws {
        if json, isLast { try Output.event(DonePayload(plans, took: .now - begin)) }
    }

    private func carryOut(_ plan: Plan, _ lease: ClusterLease) async throws {
        if !json { Output.note(PlanText(plan: plan, style: Output.errorStyle).text()) }
        if let bound = tellsBound(of: plan) { Output.note(bound) }
        try await confirm(plan)
        let cluster = try ClusterName(plan.cluster)
        let printer = ProgressPrinter(format: json ? .json : .text)
        let progress = Mutex(RunProgress(steps: plan.steps.count))
        func executor(_ patience: Duration) throws -> Executor {
            var limits = Executor.Limits(shutdown: patience)
            limits.trial = trial
            return try workspace.executor(
                cluster: cluster,
                certificates: plan.nodes.compactMap(\.certificates),
                limits: limits,
                boots: workspace.bootBound(atMost: mostBoots),
                check: { try await lease.check() },
                emit: { event in
                    printer.take(event)
                    lease.tell(
                        progress.withLock { progress in
                            progress.take(event) { StepTitle($0.action).text }
                            return progress
                        }
                    )
                    timeline?.take(event)
                },
            )
        }
        let (patient, hasty) = (try executor(patience), try executor(.zero))
        let discovery = workspace.discovery(of: cluster)
        if plan.discovery != nil, workspace.isRemote {
            throw UserError(
                "etcd's members would meet at libvirt's host \(workspace.uri), where slipway cannot serve discovery. "
                    + "Run `slipway discovery serve` there and give a token's URL as `discovery` under `etcd`."
            )
        }
        let begun = await recordBeginning(of: plan)
        let clock = ContinuousClock()
        let begin = clock.now
        do {
            // What is taken down for good need not be asked twice.
            let insists = plan.purpose == .tearDown && patience > .zero
            try await Interrupt.guarding(
                advice: goOn,
                insisting: insists
                    ? (
                        "cuts the nodes' power and goes on",
                        { try await printer.during { try await hasty.apply(plan) } },
                    ) : nil,
            ) {
                try await discovery.serving(plan.discovery) {
                    try await printer.during { try await patient.apply(plan) }
                }
            }
        } catch let failure as PlanFailure {
            let failed = failure.failures.map { "\($0.step.id)" }
            await record(plan, .failed, failed, progress.withLock { $0 }, since: begin, begun)
            if json { Output.note("\(failure)") }
            let count = Format.count(failure.failures.count, "step")
            let way = wayOn ?? "Nothing is lost: run `\(command)` again once the cause is fixed."
            let text = "\(count) failed. \(way)"
            Output.note(text)
            throw ToldFailure(text, isAboutHost: true)
        } catch {
            await record(plan, .stopped, [], progress.withLock { $0 }, since: begin, begun)
            throw error
        }
        if !json { Output.note("Done in \(Format.duration(clock.now - begin)).") }
        await record(plan, .done, [], progress.withLock { $0 }, since: begin, begun)
    }

    /// Text about the number of the plan's nodes that boot at a time; nil where all do.
    private func tellsBound(of plan: Plan) -> String? {
        let boots = plan.steps.count { if case .createNode = $0.action { true } else { false } }
        let most = workspace.bootBound(atMost: mostBoots).most
        guard !json, boots > most else { return nil }
        return
            "At most \(Format.count(most, "node")) boot at a time, etcd's members first; --max-boots sets another number."
    }

    private func confirm(_ plan: Plan) async throws {
        let destroyed = plan.destructiveSteps
        guard !destroyed.isEmpty, !yes else { return }
        let question = "This destroys what is stored on \(Format.count(destroyed.count, "thing")) marked '-'."
        guard try await untouched(nothingWasChanged, { try await Question.isConfirmed(question) }) else {
            Output.note("Nothing was changed.")
            throw ToldFailure("Nothing was changed.")
        }
    }

    private var nothingWasChanged: String { "Stopped; nothing was changed." }
    private var goOn: String { "Stopped. \(wayOn ?? "Run `\(command)` again to go on from here.")" }

    /// Does what changes nothing; stopped by Ctrl-C, it lets go of the cluster, after saying `advice`.
    private func untouched<Result: Sendable>(
        _ advice: String,
        _ work: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        try await Interrupt.guarding(advice: advice) {
            let result = try await work()
            try Task.checkCancellation()
            return result
        }
    }

    /// Findings about resources that this host lacks for the plan's nodes.
    private func shortages(of planned: PlannedCluster) -> [Diagnostic] {
        guard !workspace.isRemote else { return [] }
        let nodes = planned.observed.provider.nodes
        return HostCapacity.shortages(
            of: planned.plan,
            running: nodes.count { $0.runtime == .container && $0.power == .running },
            availableMiB: HostWorkspace.load?.availableMiB,
            sysctls: HostFacts.readSysctls(),
        )
    }

    private func warn(_ warnings: [Diagnostic], sources: [String: String]) throws {
        guard !warnings.isEmpty else { return }
        if json { for warning in warnings { try Output.event(EventPayload(warning)) } }
        Output.raw(DiagnosticRenderer(color: Output.errorIsTerminal).render(warnings, sources: sources))
    }
}
