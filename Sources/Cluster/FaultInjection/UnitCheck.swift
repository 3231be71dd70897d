import Chaos

/// Judges units while a run goes on, and at its end.
struct UnitCheck: Sendable {
    private let watch: UnitWatch
    private let begin: UnitWatch.Start
    /// Names of the run's own units.
    let kept: Set<String>
    /// What fleet promises.
    let promise: UnitJudge.Promise
    private let machines: Int
    /// Time from which on units are judged.
    let first: Duration

    /// Interval at which the nodes' journals are read.
    private static let interval = Duration.seconds(20)

    init(_ watch: UnitWatch, _ begin: UnitWatch.Start, kept: Set<String>, machines: Int, first: Duration) {
        (self.watch, self.begin, self.kept, self.machines, self.first) = (watch, begin, kept, machines, first)
        promise = UnitJudge.Promise(ttl: begin.ttl)
    }

    private var single: Set<String> { begin.single.union(kept) }

    /// Looks again and again until it is cancelled, or until it has found something.
    func run(_ state: RunState, found: @Sendable (Violation) -> Void) async {
        while true {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            let last = state.now
            let (events, silent) = await watch.reachableEvents(of: single)
            guard !Task.isCancelled else { return }
            let violations = judge(events, state.timeline, without: silent, until: last)
            if let first = violations.first { return found(first) }
        }
    }

    /// Reads the journals of nodes that are about to lose their power.
    func read(_ nodes: [String]) async { await watch.read(nodes, of: single) }

    /// - Throws: where a node does not answer.
    func judgeAll(_ state: RunState, until last: Duration) async throws -> [Violation] {
        judge(try await watch.events(of: single), state.timeline, until: last)
    }

    /// - Parameter silent: nodes that did not answer, of which nothing is known: neither what was stopped there, nor what
    ///   runs there.
    private func judge(
        _ events: [UnitEvent],
        _ timeline: FaultTimeline,
        without silent: Set<String> = [],
        until last: Duration,
    ) -> [Violation] {
        guard last > first else { return [] }
        let judge = UnitJudge(promise: promise, timeline: timeline, machines: machines)
        let all = begin.events.filter { !silent.contains($0.node) } + events.filter { $0.time <= last }
        return judge.violations(all, single: single, kept: kept, isWhole: silent.isEmpty, during: first...last)
    }
}
