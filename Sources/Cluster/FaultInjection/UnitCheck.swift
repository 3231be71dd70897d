import Chaos
import Planning
import Provisioning
import UnitFiles

/// Judges units while a run goes on, and at its end.
struct UnitCheck: Sendable {
    private let watch: UnitWatch
    private let begin: UnitWatch.Start
    private let fleet: any FleetAccess
    /// Units of the cluster's own that are launched in the beginning and may run anywhere, with the hashes of their texts.
    private let foreign: [String: String]
    /// Names of the run's own units.
    let kept: Set<String>
    /// What fleet promises.
    let promise: UnitJudge.Promise
    private let machines: Int
    /// Time from which on units are judged.
    let first: Duration

    /// Interval at which the nodes' journals are read.
    private static let interval = Duration.seconds(20)

    /// - Parameter launched: units as fleet has them in the beginning.
    init(
        _ watch: UnitWatch,
        _ begin: UnitWatch.Start,
        kept: Set<String>,
        fleet: any FleetAccess,
        launched: ObservedFleet,
        machines: Int,
        first: Duration
    ) {
        (self.watch, self.begin, self.kept, self.machines, self.first) = (watch, begin, kept, machines, first)
        self.fleet = fleet
        foreign = launched.units.filter { begin.movable.contains($0) && $1.desiredState == .launched }
            .mapValues(\.hash)
        promise = UnitJudge.Promise(ttl: begin.ttl)
    }

    /// Returns whether every unit that is launched all the time is active.
    func areActive(in seen: ObservedFleet) -> Bool {
        kept.union(untouched(in: seen)).allSatisfy { seen.units[$0]?.states.values.contains("active") == true }
    }

    /// Units of the cluster's own that nobody has stopped or changed since the beginning.
    private func untouched(in seen: ObservedFleet) -> Set<String> {
        Set(foreign.filter { seen.units[$0]?.desiredState == .launched && seen.units[$0]?.hash == $1 }.keys)
    }

    private var single: Set<String> { begin.single.union(kept) }

    /// Looks again and again until it is cancelled, or until it has found something.
    func run(_ state: RunState, found: @Sendable (Violation) -> Void) async {
        while true {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            let last = state.now
            let (events, silent) = await watch.reachableEvents(of: single)
            guard !Task.isCancelled else { return }
            var violations = judge(events, state.timeline, foreign: Set(foreign.keys), without: silent, until: last)
            guard !violations.isEmpty else { continue }
            // What somebody has stopped meanwhile is not fleet's doing. Where fleet cannot be asked now, it can be later.
            guard let seen = try? await fleet.observe() else { continue }
            violations = judge(events, state.timeline, foreign: untouched(in: seen), without: silent, until: last)
            if let first = violations.first { return found(first) }
        }
    }

    /// Reads the journals of nodes that are about to lose their power.
    func read(_ nodes: [String]) async { await watch.read(nodes, of: single) }

    /// - Throws: where a node does not answer.
    func judgeAll(_ state: RunState, until last: Duration) async throws -> [Violation] {
        let events = try await watch.events(of: single)
        return judge(events, state.timeline, foreign: untouched(in: try await fleet.observe()), until: last)
    }

    /// - Parameter silent: nodes that did not answer, of which nothing is known: neither what was stopped there, nor what
    ///   runs there.
    private func judge(
        _ events: [UnitEvent],
        _ timeline: FaultTimeline,
        foreign: Set<String>,
        without silent: Set<String> = [],
        until last: Duration,
    ) -> [Violation] {
        guard last > first else { return [] }
        let judge = UnitJudge(promise: promise, timeline: timeline, machines: machines)
        let all = begin.events.filter { !silent.contains($0.node) } + events.filter { $0.time <= last }
        return judge.violations(
            all,
            single: single,
            kept: kept,
            foreign: foreign,
            isWhole: silent.isEmpty,
            during: first...last,
        )
    }
}
