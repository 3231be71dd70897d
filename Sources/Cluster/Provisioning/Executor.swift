import Basics
import Etcd
import Planning
import SecureShell
import TopologyModel

/// Carries out plans: as many steps at once as their order allows, and nothing that the plan does not say.
package struct Executor: Sendable {
    /// Nodes and networks.
    package let provider: any ClusterProvider
    let images: any ImageSource
    /// Commands on nodes.
    package let shell: any NodeShell
    /// etcd, fleet and the reboot semaphore of the cluster.
    package let clusters: any ClusterClients
    /// Limits of waits.
    package let limits: Limits
    /// Number of nodes that may be on their way up at once; nil for all.
    let boots: BootBound?
    let load: @Sendable () -> HostLoad?
    let reaches: Reach
    let check: @Sendable () async throws -> Void
    let emit: EventSink
    /// Questions after etcd's health, of all steps together.
    let probes = Turns(4)

    /// True when something takes TCP connections on that port, now.
    package typealias Reach = @Sendable (_ address: IPv4Address, _ port: UInt16) async -> Bool

    /// Limits of waits.
    package struct Limits: Sendable {
        /// Limit for a node's address to answer.
        package var address: Duration = .seconds(60)
        /// Limit for etcd to be healthy.
        package var etcd: Duration = .seconds(90)
        /// Limit for the cloud-config to be applied.
        package var cloudConfig: Duration = .seconds(90)
        /// Time in which a node's fleetd says that its cloud-config is applied, before somebody logs in to ask.
        package var word: Duration = .seconds(10)
        /// Limit for fleet to list a machine.
        package var fleet: Duration = .seconds(60)
        /// Limit for a node to have its subnet of the containers' network.
        package var flannel: Duration = .seconds(60)
        /// Limit for units to be as wanted.
        package var units: Duration = .seconds(300)
        /// Pause between two polls.
        package var pause: Duration = .milliseconds(20)
        /// Interval at which a node is asked why its etcd does not answer.
        package var look: Duration = .seconds(2)
        /// Time that units must be in the wanted state to count as steady.
        package var steadyUnits: Duration = .milliseconds(200)
        /// Time that units must be failed to count as failed.
        package var failedUnits: Duration = .seconds(2)
        /// Limit for units to leave a machine.
        package var leave: Duration = .seconds(30)
        /// Time that a node waits for its place in the reboot semaphore.
        package var rebootPlace: Duration = .seconds(600)
        /// Time in which a node has to be well on another image before it goes back by itself.
        package var trial: Duration = .seconds(300)
        /// Time that a node may take to shut down before its power is cut.
        package var shutdown: Duration
        /// Limit for a member's answer when it is released from its wait for a successor.
        package var dismissal: Duration = .seconds(3)

        /// The limits of an ordinary host.
        package init(shutdown: Duration = .seconds(120)) {
            self.shutdown = shutdown
        }

        /// The same for nodes that take their time: TCG is ten times as slow as a processor, and several machines share
        /// the host's.
        func slowed(for nodes: [NodePlan]) -> Limits {
            let factor = nodes.map(\.slowness).max() ?? 1
            guard factor > 1 else { return self }
            var limits = self
            for limit in [\Limits.address, \.etcd, \.cloudConfig, \.word, \.fleet, \.flannel, \.units, \.leave] {
                limits[keyPath: limit] = limits[keyPath: limit] * factor
            }
            // Each answer takes the processor's time that etcd needs; a look is a login, which takes seconds of it.
            limits.pause = limits.pause * factor * 2
            limits.look = limits.look * factor * factor
            return limits
        }
    }

    /// - Parameters:
    ///   - boots: number of nodes that may be on their way up at once; nil for all.
    ///   - load: what the nodes' host has to carry now; nil where that is not known.
    ///   - check: throws where the cluster is not, or no longer, this program's to change; asked before each step.
    package init(
        provider: any ClusterProvider,
        images: any ImageSource,
        shell: any NodeShell,
        clusters: any ClusterClients,
        limits: Limits = Limits(),
        boots: BootBound? = nil,
        load: @escaping @Sendable () -> HostLoad? = { nil },
        reaches: @escaping Reach = { await Waiting.answers($0.description, port: $1) },
        check: @escaping @Sendable () async throws -> Void = {},
        emit: @escaping EventSink,
    ) {
        self.provider = provider
        self.images = images
        self.shell = shell
        self.clusters = clusters
        self.limits = limits
        self.boots = boots
        self.load = load
        self.reaches = reaches
        self.check = check
        self.emit = emit
    }

    /// Carries out the whole plan.
    ///
    /// The first failure keeps further steps from beginning; those under way are cancelled where they only wait, and
    /// finished where they change something. Running the same command again goes on from there.
    /// - Throws: the failures, as ``PlanFailure``; `CancellationError` when the task was cancelled.
    package func apply(_ plan: Plan) async throws {
        var run = PlanRun(plan)
        var failures: [PlanFailure.Failure] = []
        await withTaskGroup(of: (step: Step, error: (any Error)?)?.self) { group in
            var admission = StepAdmission(plan, bound: boots)
            var isHeldBack = false
            func begin() {
                // What began now would be cut short, and so would each wait for the host.
                guard !Task.isCancelled else { return }
                // What the host carries changes while nothing else happens.
                let load = load()
                var refused = false
                let ready = run.takeReady { step in
                    let isAdmitted = admission.admits(step, load: load)
                    if !isAdmitted { refused = true }
                    return isAdmitted
                }
                for step in ready { group.addTask { await (step, perform(step, of: plan)) } }
                guard refused, !isHeldBack, load != nil else { return }
                isHeldBack = true
                group.addTask {
                    // A sleep that is cut short ends a run that is over.
                    try? await Task.sleep(for: Self.loadInterval)
                    return nil
                }
            }
            begin()
            while let ended = await group.next() {
                guard let (step, error) = ended else {
                    isHeldBack = false
                    begin()
                    continue
                }
                admission.ended(step)
                if let error {
                    run.failed(step)
                    if !(error is CancellationError) { failures.append(.init(step: step, error: error)) }
                    group.cancelAll()
                } else {
                    run.finished(step)
                }
                begin()
            }
        }
        for step in run.remaining { emit(.notStarted(step)) }
        if !failures.isEmpty { throw PlanFailure(failures: failures) }
        try Task.checkCancellation()
    }

    /// Interval at which the host is looked at while steps wait for it.
    private static let loadInterval = Duration.milliseconds(200)

    private func perform(_ step: Step, of plan: Plan) async -> (any Error)? {
        let clock = ContinuousClock()
        let begin = clock.now
        emit(.started(step))
        do {
            try await check()
            try await carryOut(step, of: plan)
            emit(.finished(step, took: clock.now - begin))
            return nil
        } catch {
            // What ends because another step failed, or on Ctrl-C, did not fail, whatever it says of its end.
            let cause: any Error = Task.isCancelled ? CancellationError() : error
            emit(.failed(step, error: cause))
            return cause
        }
    }
}

/// Every step that failed, with its error.
package struct PlanFailure: Error, Sendable, CustomStringConvertible {
    /// Step that failed, and its error.
    package struct Failure: Sendable {
        /// Step that failed.
        package var step: Step
        /// Error of the step.
        package var error: any Error
    }

    /// Failures, in the order in which they happened.
    package var failures: [Failure]

    package var description: String {
        failures.map { "\($0.step.id): \($0.error)" }.joined(separator: "\n")
    }
}
