import Basics

/// Judges runs of units against what fleet promises (fleet.md, `fleetctl help differences`).
package struct UnitJudge: Sendable {
    /// Time that each promise allows.
    package struct Promise: Sendable, Hashable {
        /// Time after which a silent machine is gone, as the topology sets it.
        package var ttl: Duration
        /// Time beyond the TTL until a unit runs elsewhere.
        package var restart: Duration = .seconds(2)
        /// Time for etcd to elect another leader, which gives each lease its whole TTL anew.
        package var election: Duration = .seconds(3)
        /// Time after a separated node is well again until a unit that was started elsewhere meanwhile is stopped.
        package var reunion: Duration = .seconds(5)
        /// Time that a stop may come after the end of the fault that explains it.
        package var aftermath: Duration = .seconds(10)

        package init(ttl: Duration) { self.ttl = ttl }
    }

    /// Promised times.
    package let promise: Promise
    /// Faults.
    package let timeline: FaultTimeline
    /// Number of machines of fleet.
    package let machines: Int

    package init(promise: Promise, timeline: FaultTimeline, machines: Int) {
        (self.promise, self.timeline, self.machines) = (promise, timeline, machines)
    }

    /// Violations by units.
    ///
    /// - Parameters:
    ///   - events: all events of all nodes.
    ///   - single: units that may run once; that of others is not counted.
    ///   - kept: units that are launched all the time and may run anywhere.
    ///   - foreign: units of the cluster's own of which the same is promised, unless they end by themselves: fleet starts
    ///     none of these again.
    ///   - isWhole: false where events of some node are missing, so that it is not known what runs nowhere.
    ///   - range: time that is judged.
    package func violations(
        _ events: [UnitEvent],
        single: Set<String>,
        kept: Set<String>,
        foreign: Set<String> = [],
        isWhole: Bool = true,
        during range: ClosedRange<Duration>,
    ) -> [Violation] {
        let runs = UnitRun.runs(events, timeline)
        let byUnit = Dictionary(grouping: runs, by: \.unit)
        let foreign = foreign.subtracting(Self.selfEnded(events))
        var found: [Violation] = []
        for unit in single.union(kept).union(foreign).naturallySorted() {
            let own = byUnit[unit] ?? []
            if single.contains(unit) { found += doubles(unit, own, during: range) }
            if isWhole, kept.contains(unit) || foreign.contains(unit) { found += gaps(unit, own, during: range) }
        }
        let stopped = events.filter { event in
            // One that systemd starts again after its end is said to be stopped, and nobody asked for it.
            kept.contains(event.unit) && event.kind == .stopped
                || foreign.contains(event.unit) && event.kind == .stopping
        }
        found += stops(stopped.filter { range.contains($0.time) })
        return found.sorted { $0.time < $1.time }
    }

    // MARK: Twice

    private func doubles(_ unit: String, _ runs: [UnitRun], during range: ClosedRange<Duration>) -> [Violation] {
        var found: [Violation] = []
        for (index, first) in runs.enumerated() {
            for second in runs[(index + 1)...] where second.node != first.node {
                let begin = max(first.begin, second.begin, range.lowerBound)
                let end = min(first.end ?? range.upperBound, second.end ?? range.upperBound)
                guard begin < end else { continue }
                let spans = [first, second].flatMap { timeline.spans(of: $0.node) }.filter(\.fault.kind.separates)
                let allowed = spans.filter { $0.isFelt(at: begin, grace: promise.reunion) }
                    .map { $0.over.map { $0 + promise.reunion } ?? range.upperBound }.max()
                if let allowed, end <= allowed { continue }
                let length = end - max(begin, allowed ?? begin)
                let why =
                    allowed == nil
                    ? "no fault had separated either of them from etcd"
                    : "longer than \(seconds(promise.reunion)) after the node that was separated was well again"
                found.append(
                    Violation(
                        .twice,
                        "\(unit) ran on \(first.node) and on \(second.node) for \(seconds(length)): \(why)",
                        at: max(begin, allowed ?? begin),
                        evidence: evidence(runs, about: begin),
                    )
                )
            }
        }
        return found
    }

    // MARK: Nowhere

    private func gaps(_ unit: String, _ runs: [UnitRun], during range: ClosedRange<Duration>) -> [Violation] {
        var found: [Violation] = []
        var covered = range.lowerBound
        var last: UnitRun?
        func check(until next: Duration?) {
            let end = next ?? range.upperBound
            guard end > covered else { return }
            let deadline = deadline(of: last?.node, from: covered)
            guard end > deadline else { return }
            let place = last.map { " (it was on \($0.node))" } ?? ""
            let until = next == nil ? "and was still not at the end" : "until \(seconds(end))"
            found.append(
                Violation(
                    .nowhere,
                    "\(unit) was active nowhere from \(seconds(covered)) \(until)\(place); "
                        + "it should have been by \(seconds(deadline))",
                    at: covered,
                    evidence: evidence(runs, about: covered),
                )
            )
        }
        for run in runs {
            if let end = run.end, end <= covered { continue }
            if run.begin > covered { check(until: min(run.begin, range.upperBound)) }
            covered = max(covered, run.end ?? range.upperBound)
            last = run
            if covered >= range.upperBound { return found }
        }
        check(until: nil)
        return found
    }

    /// Time by which a unit that is active nowhere has to be again: TTL + 2 s after its node was lost, or after the end
    /// of every fault that goes on keeping fleet from starting it.
    private func deadline(of node: String?, from begin: Duration) -> Duration {
        let losesLeader = timeline.spans.contains { span in
            span.fault.takesLeader && span.touches(begin...(begin + promise.ttl))
        }
        let patience = promise.ttl + promise.restart + (losesLeader ? promise.election : .zero)
        var deadline = begin + patience
        // Later faults may keep a cluster from what it was about to do, and so on.
        while true {
            let hindering = timeline.spans.filter { span in
                span.touches(begin...deadline) && hinders(span, lossOf: node, at: begin)
            }
            let next = hindering.map { ($0.end ?? .seconds(1_000_000)) + patience }.max() ?? deadline
            guard next > deadline else { return deadline }
            deadline = next
        }
    }

    /// Returns whether a fault may put off that a unit is started elsewhere: not the loss of its own node, unless so many
    /// were lost at once that fleet takes it for a cut network.
    private func hinders(_ span: FaultSpan, lossOf node: String?, at begin: Duration) -> Bool {
        let isOwn = node.map(span.fault.nodes.contains) ?? false
        guard isOwn, span.fault.kind.haltsNode, span.fault.kind != .reboot else { return true }
        let lost = timeline.spans.filter { $0.fault.kind.separates && $0.touches(begin...(begin + promise.ttl)) }
        let count = Set(lost.flatMap(\.fault.nodes)).count
        return count > 2 && count * 3 > machines
    }

    // MARK: Stopped

    private func stops(_ events: [UnitEvent]) -> [Violation] {
        events.compactMap { event in
            let explained = timeline.spans(of: event.node).contains { span in
                (span.fault.kind.separates || span.fault.kind.stopsUnits)
                    && span.isFelt(at: event.time, grace: promise.aftermath)
            }
            guard !explained else { return nil }
            return Violation(
                .stopped,
                "\(event.unit) was stopped on \(event.node), which nothing had separated from the cluster",
                at: event.time,
            )
        }
    }

    /// Units whose process ended somewhere without a request to stop it.
    private static func selfEnded(_ events: [UnitEvent]) -> Set<String> {
        var asked: Set<[String]> = []
        var ended: Set<String> = []
        for event in events.sorted(by: { $0.time < $1.time }) {
            let place = [event.unit, event.node]
            switch event.kind {
            case .stopping: asked.insert(place)
            case .started: asked.remove(place)
            case .ended: if !asked.contains(place) { ended.insert(event.unit) }
            case .stopped, .lost: break
            }
        }
        return ended
    }

    /// Where the unit ran about a time.
    private func evidence(_ runs: [UnitRun], about time: Duration) -> [String] {
        let margin = Duration.seconds(60)
        let near = runs.filter { $0.begin < time + margin && ($0.end.map { $0 > time - margin } ?? true) }
        return near.map { "it ran on \($0.node) from \(seconds($0.begin)) to \($0.end.map(seconds) ?? "the end")" }
    }

    private func seconds(_ time: Duration) -> String {
        let tenths = Int((time / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
