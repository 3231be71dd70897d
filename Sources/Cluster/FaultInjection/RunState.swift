import Basics
import Chaos
import Synchronization

/// State of a run, shared by its tasks.
final class RunState: Sendable {
    private struct Content {
        var schedule: Schedule
        var timeline = FaultTimeline()
        /// Faults that last, or whose nodes are not well again.
        var active: [Fault] = []
        var violations: [Violation] = []
        var isStopped = false
        var isThrough = false
        var notes: [String] = []
        /// Nodes that cannot have a fault, by the reason.
        var impossible: [FaultKind: [String: Set<String>]] = [:]
        var record: FaultRecord
    }

    /// Time without a write that a majority left alone may need: an election, and clients that find out.
    private static let drought = Duration.seconds(10)

    let start = ContinuousClock.now
    private let settings: ChaosRun.Settings
    private let ledger: FaultLedger
    private let content: Mutex<Content>

    init(_ settings: ChaosRun.Settings, id: String, ledger: FaultLedger) {
        self.settings = settings
        self.ledger = ledger
        content = Mutex(
            Content(
                schedule: Schedule(settings.scenario, seed: settings.seed),
                record: FaultRecord(run: id, holder: settings.holder)
            )
        )
    }

    /// Time from the beginning of the run.
    var now: Duration { start.duration(to: .now) }
    var timeline: FaultTimeline { content.withLock { $0.timeline } }
    /// True once there is a reason to begin no more faults.
    var isEnding: Bool { content.withLock { $0.isStopped || !$0.violations.isEmpty } }

    /// True while a fault of the host lasts.
    var isHostBusy: Bool { content.withLock { $0.active.contains { $0.kind.isOfHost } } }

    /// Begins no more faults: a violation was seen that the judgement at the end will name.
    func stop() { content.withLock { $0.isStopped = true } }

    func pause() -> Duration { content.withLock { $0.schedule.pause() } }

    /// True once each fault of the scenario has been that can be, where the run ends with that.
    var isThrough: Bool { content.withLock { $0.isThrough } }

    /// Returns whether each fault of the scenario has been that can be.
    func isThrough(_ view: ClusterView) -> Bool {
        content.withLock { content in
            content.isThrough = content.schedule.hasShownAll(of: view)
            return content.isThrough
        }
    }

    /// Chooses the next fault, which counts as active from now on.
    func choose(_ view: ClusterView) -> Fault? {
        content.withLock { content in
            guard let fault = content.schedule.next(view, active: content.active) else { return nil }
            content.active.append(fault)
            return fault
        }
    }

    /// Leaves a fault out from now on.
    ///
    /// - Parameter reason: why, and the nodes that cannot have it.
    /// - Returns: description of what is left out.
    func exclude(_ kind: FaultKind, _ reason: FaultError) -> String {
        content.withLock { content in
            for node in reason.nodes { content.schedule.exclude(kind, of: node) }
            content.impossible[kind, default: [:]][reason.message, default: []].formUnion(reason.nodes)
        }
        return Self.description(kind, reason.message, reason.nodes)
    }

    private static func description(_ kind: FaultKind, _ reason: String, _ nodes: some Sequence<String>) -> String {
        "\(kind.rawValue) of \(nodes.naturallySorted().joined(separator: ", ")): \(reason)"
    }

    /// Writes the fault down before it is brought about.
    func record(_ fault: Fault) throws {
        let now = now
        try content.withLock { content in
            var record = content.record
            record.faults.append(fault)
            try ledger.write(record)
            content.record = record
            content.timeline.begin(fault, at: now)
        }
    }

    /// Takes the fault out of what is written down: it is undone.
    func erase(_ fault: Fault) throws {
        try content.withLock { content in
            content.record.faults.removeAll { $0.number == fault.number }
            try ledger.write(content.record)
        }
    }

    /// Sets the time at which the fault ended, once.
    func end(_ fault: Fault) {
        let now = now
        content.withLock { content in
            guard content.timeline.spans.contains(where: { $0.fault.number == fault.number && $0.end == nil }) else {
                return
            }
            content.timeline.end(fault, at: now)
        }
    }

    /// The fault's nodes are well again.
    func recover(_ fault: Fault) {
        let now = now
        content.withLock { $0.timeline.recover(fault, at: now) }
    }

    func withdraw(_ fault: Fault) { content.withLock { $0.timeline.withdraw(fault) } }

    /// The fault's nodes can have another one.
    func forget(_ fault: Fault) { content.withLock { $0.active.removeAll { $0.number == fault.number } } }

    func add(_ violation: Violation) { content.withLock { $0.violations.append(violation) } }

    func note(_ text: String) { content.withLock { $0.notes.append(text) } }

    /// Judges that a majority was always left alone, and that it took writes.
    func judgeQuorum(members: Set<String>, droughts: [ClosedRange<Duration>]) {
        let timeline = timeline
        let minority = max(0, (members.count - 1) / 2)
        if let (time, names) = timeline.excess(of: members, over: minority) {
            add(
                Violation(
                    .quorum,
                    "\(names.joined(separator: ", ")) had faults at once, which is no minority",
                    at: time
                )
            )
        }
        for drought in droughts where drought.upperBound - drought.lowerBound > Self.drought {
            let length = Int((drought.upperBound - drought.lowerBound) / .seconds(1))
            add(Violation(.quorum, "etcd took no write through any node for \(length) s", at: drought.lowerBound))
        }
    }

    func verdict(cluster: String, took: Duration, wasStopped: Bool, counts: Verdict.Counts) -> Verdict {
        content.withLock { content in
            let leftOut = content.impossible.flatMap { kind, reasons in
                reasons.map { "left out: " + Self.description(kind, $0.key, $0.value) }
            }
            return Verdict(
                cluster: cluster,
                scenario: settings.scenario.name,
                seed: settings.seed,
                took: took,
                wasStopped: wasStopped,
                timeline: content.timeline,
                violations: content.violations,
                counts: counts,
                notes: content.notes + leftOut.naturallySorted(),
            )
        }
    }
}
