import Basics
import Chaos
import Etcd
import FoundationEssentials
import Planning
import Provisioning
import TopologyModel

/// A run: faults by a schedule, load on etcd and units to watch meanwhile, and the verdict at the end.
package struct ChaosRun: Sendable {
    /// What is done, and how long.
    package struct Settings: Sendable {
        /// Scenario.
        package var scenario: Scenario
        /// Seed of the choice of faults.
        package var seed: UInt64
        /// Time in which faults begin.
        package var limit: Duration
        /// True where the run ends earlier, once each fault of the scenario has been.
        package var isOnce: Bool
        /// Command and process, for whoever finds the record.
        package var holder: String

        package init(scenario: Scenario, seed: UInt64, limit: Duration, isOnce: Bool = false, holder: String) {
            (self.scenario, self.seed, self.limit) = (scenario, seed, limit)
            (self.isOnce, self.holder) = (isOnce, holder)
        }
    }

    /// Something that happened in a run.
    package enum Progress: Sendable {
        case preparing(String)
        case began(Fault, at: Duration)
        /// The fault was undone, and its nodes are well again or not.
        case ended(Fault, at: Duration)
        /// A fault that this host cannot do.
        case impossible(String)
        case violated(Violation)
        case judging
    }

    let settings: Settings
    let cluster: String
    let nodes: [ObservedNode]
    let faults: NodeFaults
    let look: ClusterProbe
    let fleet: any FleetAccess
    let ledger: FaultLedger
    let etcd: @Sendable (_ endpoints: [String]) throws -> any EtcdClient
    let check: @Sendable () async throws -> Void
    let say: @Sendable (Progress) -> Void
    /// Identifier of the run, which names its units and keys.
    let id: String

    /// Time in which a node has to be well again after a fault, or a cluster before the first one.
    let patience: Duration

    /// - Parameters:
    ///   - host: the daemons of the host that the nodes run on.
    ///   - nodes: all nodes of the cluster.
    ///   - etcd: client of some endpoints, for operations that must not be repeated on another one.
    ///   - check: throws where the cluster is no longer this program's to change.
    package init(
        _ settings: Settings,
        executor: Executor,
        host: any HostDaemons,
        nodes: [ObservedNode],
        ledger: FaultLedger,
        etcd: @escaping @Sendable (_ endpoints: [String]) throws -> any EtcdClient,
        check: @escaping @Sendable () async throws -> Void,
        say: @escaping @Sendable (Progress) -> Void,
    ) {
        self.settings = settings
        self.nodes = nodes
        self.ledger = ledger
        self.etcd = etcd
        self.check = check
        self.say = say
        cluster = nodes.first?.cluster ?? ""
        faults = NodeFaults(provider: executor.provider, shell: executor.shell, host: host, nodes: nodes)
        look = ClusterProbe(provider: executor.provider, clusters: executor.clusters, nodes: nodes)
        fleet = executor.clusters.fleet(nodes.filter { $0.etcd == .member }.compactMap(\.clientURL))
        id = String(UInt32.random(in: .min ... .max), radix: 36)
        patience = .seconds(60) * (nodes.contains { $0.runtime == .vm } ? NodePlan.slowestMachine : 1)
    }

    private var members: [ObservedNode] { nodes.filter { $0.etcd == .member } }

    /// Runs until the time is up, an invariant is violated, or the task is cancelled; whatever happened, everything is
    /// undone then, and what was seen is judged.
    ///
    /// - Throws: ``FaultError`` with `.unwell` where the cluster is not well before the first fault; what keeps the run
    ///   from beginning.
    package func run() async throws -> Verdict {
        say(.preparing("looking whether the cluster is well"))
        let troubles = await look.untilWell(nodes.map(\.name), limit: .seconds(15))
        try Task.checkCancellation()
        guard troubles.isEmpty else {
            throw FaultError(.unwell, "the cluster is not well: \(troubles.joined(separator: "; "))")
        }
        try ledger.write(FaultRecord(run: id, holder: settings.holder))
        do {
            let verdict = try await perform()
            if verdict.violations.contains(where: { $0.invariant == .remains }) { return verdict }
            try ledger.remove()
            return verdict
        } catch {
            // Not cancelled with the run.
            try await Task { try await cleanUp() }.value
            try ledger.remove()
            throw error
        }
    }

    private func perform() async throws -> Verdict {
        let epoch = Date().timeIntervalSince1970
        let state = RunState(settings, id: id, ledger: ledger)
        let watch = UnitWatch(run: id, faults: faults, nodes: nodes, epoch: epoch)
        let probes = try watch.probes()
        say(.preparing("placing \(probes.count) units to watch"))
        try await place(probes)
        let begin = try await watch.start()
        let load = EtcdLoad(try clients(), run: id, start: state.start)
        try await load.begin(by: etcd(members.compactMap(\.clientURL)))
        let loading = Task {
            await load.run(seed: settings.seed) { violation in
                state.add(violation)
                say(.violated(violation))
            }
        }
        let units = UnitCheck(
            watch,
            begin,
            kept: Set(probes.map(\.name)),
            fleet: fleet,
            launched: try await fleet.observe(),
            machines: nodes.count(where: \.runsFleet),
            first: state.now
        )
        let checking = Task {
            await units.run(state) { violation in
                state.stop()
                say(.violated(violation))
            }
        }
        await cause(state, units)
        let took = state.now - units.first
        checking.cancel()
        await checking.value
        // Ctrl-C ends the faults, not the judgement of what they did.
        return await Task { await conclude(state, units, load, loading, took: took) }.value
    }

    /// Etcd through each member and each proxy alone.
    private func clients() throws -> [EtcdLoad.Client] {
        try nodes.filter { $0.etcd != .none }.compactMap { node in
            guard let url = node.clientURL else { return nil }
            return EtcdLoad.Client(name: node.name, etcd: try etcd([url]))
        }
    }

    private func place(_ probes: [UnitPlan]) async throws {
        for unit in probes { try await fleet.deploy(unit) }
        let seen = try await fleet.observe(
            until: { seen in
                probes.allSatisfy { seen.units[$0.name]?.states.values.filter { $0 == "active" }.count == 1 }
            },
            limit: patience,
        )
        guard seen.done else { throw FaultError(.unwell, "the run's own units do not become active in \(patience)") }
    }

    // MARK: Faults

    private func cause(_ state: RunState, _ units: UnitCheck) async {
        await withTaskGroup(of: Void.self) { group in
            let end = ContinuousClock.now + settings.limit
            while ContinuousClock.now < end, !Task.isCancelled, !state.isEnding {
                do {
                    try await Task.sleep(for: min(state.pause(), end - .now))
                    guard ContinuousClock.now < end, !state.isEnding else { break }
                    // Nothing can be seen while libvirt is restarted.
                    guard !state.isHostBusy else { continue }
                    try await check()
                    let view = try await look.now().view
                    if settings.isOnce, state.isThrough(view) { break }
                    guard let fault = state.choose(view) else { continue }
                    group.addTask { await bring(fault, state, units) }
                } catch {
                    // What a cancelled task throws need not say so.
                    if Task.isCancelled { break }
                    state.add(Violation(.remains, "the run cannot go on: \(error)", at: state.now))
                    break
                }
            }
            // A violation, as Ctrl-C, ends faults before their time.
            if Task.isCancelled || state.isEnding { group.cancelAll() }
            await group.waitForAll()
        }
    }

    private func bring(_ fault: Fault, _ state: RunState, _ units: UnitCheck) async {
        defer { state.forget(fault) }
        // What the power takes away is never read again.
        if fault.kind == .powerOff { await units.read(fault.nodes) }
        do {
            try state.record(fault)
        } catch {
            return state.add(
                Violation(.remains, "\(fault) cannot be recorded, and was not begun: \(error)", at: state.now)
            )
        }
        say(.began(fault, at: state.now))
        var isImpossible = false
        do {
            try await faults.inject(fault)
            try await Task.sleep(for: fault.duration)
        } catch is CancellationError {
            // It is undone before its time.
        } catch let error as FaultError where error.code == .impossible {
            isImpossible = true
            say(.impossible(state.exclude(fault.kind, error)))
        } catch {
            // A node that does not do what it is told may be under another fault. What is there is undone.
            if !Task.isCancelled { state.note("\(fault) could not be brought about: \(error)") }
        }
        // Not cancelled with the run.
        let troubles = await Task { await undo(fault, state) }.value
        if isImpossible { state.withdraw(fault) } else { state.end(fault) }
        if troubles.isEmpty { state.recover(fault) }
        for trouble in troubles {
            state.add(Violation(.remains, "after \(fault): \(trouble)", at: state.now))
        }
        if !isImpossible { say(.ended(fault, at: state.now)) }
    }

    /// - Returns: what is wrong with the fault's nodes.
    private func undo(_ fault: Fault, _ state: RunState) async -> [String] {
        let end = ContinuousClock.now + patience
        while true {
            do {
                try await faults.undo(fault)
                break
            } catch {
                guard ContinuousClock.now < end else { return ["it is not undone: \(error)"] }
                // A node that is under another fault, or whose timer is just undoing it.
                do { try await Task.sleep(for: .seconds(1)) } catch { return ["it is not undone"] }
            }
        }
        // What waits for a boot or a restart ends with that.
        let isOver = !fault.kind.isInstant && fault.kind != .powerOff
        if isOver { state.end(fault) }
        let touched = fault.kind.isOfHost ? nodes.map(\.name) : fault.nodes
        let troubles = await look.untilWell(touched, limit: patience)
        do { try state.erase(fault) } catch { return troubles + ["the record stays: \(error)"] }
        return troubles.map { "\($0) (\(patience.components.seconds) s after it was undone)" }
    }

    // MARK: The end

    private func conclude(
        _ state: RunState,
        _ units: UnitCheck,
        _ load: EtcdLoad,
        _ loading: Task<Void, Never>,
        took: Duration,
    ) async -> Verdict {
        say(.judging)
        let troubles = await look.untilWell(nodes.map(\.name), limit: patience)
        for trouble in troubles { state.add(Violation(.remains, "after the last fault: \(trouble)", at: state.now)) }
        do {
            // The last fault's promises have their time.
            _ = try await fleet.observe(
                until: { seen in units.areActive(in: seen) },
                limit: units.promise.ttl + units.promise.restart,
            )
        } catch {
            state.add(Violation(.remains, "fleet's state cannot be read after the last fault: \(error)", at: state.now))
        }
        let last = state.now
        loading.cancel()
        await loading.value
        for violation in load.judgeRest() { state.add(violation) }
        state.judgeQuorum(members: Set(members.map(\.name)), droughts: load.droughts)
        do {
            for violation in try await units.judgeAll(state, until: last) { state.add(violation) }
        } catch {
            state.add(Violation(.nowhere, "the units could not be judged: \(error)", at: last))
        }
        do {
            try await cleanUp()
            for line in try await faults.remains() {
                state.add(Violation(.remains, "of the faults remains: \(line)", at: state.now))
            }
        } catch {
            state.add(Violation(.remains, "not everything was removed: \(error)", at: state.now))
        }
        let wasStopped = took < settings.limit && !state.isEnding && !state.isThrough
        return state.verdict(cluster: cluster, took: took, wasStopped: wasStopped, counts: load.counts)
    }

    /// Removes the units and keys of all runs from the cluster.
    package func cleanUp() async throws {
        for unit in try await fleet.observe().units.keys.sorted() where unit.hasPrefix(UnitWatch.prefix) {
            try await fleet.destroy(unit)
        }
        let client = try etcd(members.compactMap(\.clientURL))
        try await client.delete(.prefix("slipway/chaos/"))
        _ = try await fleet.observe(
            until: { seen in !seen.units.keys.contains { $0.hasPrefix(UnitWatch.prefix) } },
            limit: .seconds(15),
        )
    }

    /// Undoes what an earlier run left of itself.
    ///
    /// - Returns: descriptions of the faults that were undone, and what could not be done, for which the record stays; nil
    ///   where there was no run.
    package func heal() async throws -> (faults: [String], troubles: [String])? {
        guard var record = try ledger.read() else { return nil }
        let faults = record.faults.map(\.description)
        var troubles = try await self.faults.heal(record)
        // What else is wrong with the cluster is none of the run's.
        troubles += await look.untilWell(Array(Set(record.faults.flatMap(\.nodes))).naturallySorted(), limit: patience)
        if troubles.isEmpty {
            record.faults = []
            try ledger.write(record)
        }
        do { try await cleanUp() } catch { troubles.append("its units and keys: \(error)") }
        if troubles.isEmpty { try ledger.remove() }
        return (faults, troubles)
    }
}
