/// What a node's journal says of a unit.
package struct UnitEvent: Sendable, Hashable {
    /// Kind of event.
    package enum Kind: Sendable, Hashable {
        case started
        /// Somebody asked for it to stop, which begins.
        case stopping
        /// It was stopped: somebody asked for it, or its process ended.
        case stopped
        /// Its process ended.
        case ended
        /// The node went down or was found started anew.
        case lost
    }

    /// Name of the unit.
    package var unit: String
    /// Name of the node.
    package var node: String
    /// Time, from the beginning of the run.
    package var time: Duration
    /// Kind of event.
    package var kind: Kind

    package init(_ unit: String, on node: String, _ kind: Kind, at time: Duration) {
        (self.unit, self.node, self.time, self.kind) = (unit, node, time, kind)
    }
}

/// Time for which a unit ran on a node without a break.
package struct UnitRun: Sendable, Hashable {
    /// Name of the unit.
    package var unit: String
    /// Name of the node.
    package var node: String
    /// Beginning, from the beginning of the run.
    package var begin: Duration
    /// End; nil where it still runs.
    package var end: Duration?

    package init(_ unit: String, on node: String, from begin: Duration, to end: Duration?) {
        (self.unit, self.node, self.begin, self.end) = (unit, node, begin, end)
    }

    /// Makes runs of events: where a node lost its power or was frozen, nothing ran on it.
    ///
    /// - Parameter timeline: the faults; those that halt a node part the runs on it.
    package static func runs(_ events: [UnitEvent], _ timeline: FaultTimeline) -> [UnitRun] {
        var runs: [UnitRun] = []
        let places = Dictionary(grouping: events) { [$0.unit, $0.node] }
        for place in places.values {
            guard let first = place.first else { continue }
            let halts = timeline.spans(of: first.node).filter { $0.fault.kind.haltsNode }
            var begin: Duration?
            func close(at end: Duration?) {
                guard let start = begin else { return }
                runs += UnitRun(first.unit, on: first.node, from: start, to: end).parted(by: halts)
                begin = nil
            }
            for event in place.sorted(by: { $0.time < $1.time }) {
                switch event.kind {
                case .started:
                    // A node that lost its power did not say so.
                    if let start = begin,
                        let cut = halts.first(where: { $0.fault.kind != .freeze && $0.begin >= start })
                    {
                        close(at: min(cut.begin, event.time))
                    }
                    if begin == nil { begin = event.time }
                case .stopping: break
                case .stopped, .ended, .lost: close(at: event.time)
                }
            }
            close(at: nil)
        }
        return runs.sorted { ($0.begin, $0.unit, $0.node) < ($1.begin, $1.unit, $1.node) }
    }

    /// The parts of the run outside of the times at which its node was halted. A cut of the power ends it.
    private func parted(by halts: [FaultSpan]) -> [UnitRun] {
        var rest = self
        var parts: [UnitRun] = []
        for halt in halts where halt.begin >= rest.begin {
            if let end = rest.end, end <= halt.begin { break }
            // A reboot is asked for, and its stops are in the journal.
            if halt.fault.kind == .reboot {
                guard rest.end == nil else { continue }
                rest.end = halt.end ?? halt.begin
                break
            }
            parts.append(UnitRun(unit, on: node, from: rest.begin, to: halt.begin))
            guard halt.fault.kind == .freeze, let thawed = halt.end, end.map({ $0 > thawed }) ?? true else {
                return parts
            }
            rest.begin = thawed
        }
        return parts + [rest]
    }
}
