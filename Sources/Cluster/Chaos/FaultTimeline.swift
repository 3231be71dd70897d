/// A fault as it happened.
package struct FaultSpan: Sendable, Hashable {
    /// Fault.
    package var fault: Fault
    /// Time at which it began, from the beginning of the run.
    package var begin: Duration
    /// Time at which it was undone; nil while it lasts.
    package var end: Duration?
    /// Time at which its nodes were well again: in etcd's majority, and machines of fleet. Nil until then.
    package var over: Duration?

    /// - Parameter over: time at which its nodes were well again; that of its end where none is given.
    package init(_ fault: Fault, begin: Duration, end: Duration? = nil, over: Duration? = nil) {
        (self.fault, self.begin, self.end, self.over) = (fault, begin, end, over ?? end)
    }

    /// Returns whether the fault's nodes suffered from it at a time, with `grace` after they were well again.
    package func isFelt(at time: Duration, grace: Duration) -> Bool {
        begin <= time && (over.map { $0 + grace >= time } ?? true)
    }

    /// Returns whether the fault lasted at some time within the range, with `grace` after its end.
    package func touches(_ range: ClosedRange<Duration>, grace: Duration = .zero) -> Bool {
        guard begin <= range.upperBound else { return false }
        return end.map { $0 + grace >= range.lowerBound } ?? true
    }
}

/// Faults of a run in the order of their beginnings.
package struct FaultTimeline: Sendable, Hashable {
    /// Faults, the earliest first.
    package private(set) var spans: [FaultSpan] = []

    /// Timeline of faults in any order.
    package init(_ spans: [FaultSpan] = []) { self.spans = spans.sorted { $0.begin < $1.begin } }

    /// Records that a fault begins.
    package mutating func begin(_ fault: Fault, at time: Duration) { spans.append(FaultSpan(fault, begin: time)) }

    /// Records that a fault was undone.
    package mutating func end(_ fault: Fault, at time: Duration) {
        guard let index = spans.lastIndex(where: { $0.fault.number == fault.number }) else { return }
        spans[index].end = time
    }

    /// Records that a fault's nodes are well again.
    package mutating func recover(_ fault: Fault, at time: Duration) {
        guard let index = spans.lastIndex(where: { $0.fault.number == fault.number }) else { return }
        spans[index].over = time
    }

    /// Takes a fault out that did not come to be.
    package mutating func withdraw(_ fault: Fault) { spans.removeAll { $0.fault.number == fault.number } }

    /// Faults of a node.
    package func spans(of node: String) -> [FaultSpan] { spans.filter { $0.fault.nodes.contains(node) } }

    /// Faults that lasted about a time.
    package func around(_ time: Duration, within margin: Duration = .seconds(30)) -> [FaultSpan] {
        spans.filter { $0.touches(max(.zero, time - margin)...(time + margin)) }
    }

    /// The first time at which more members had faults that take them than `limit`.
    ///
    /// - Returns: time and names of the members.
    package func excess(of members: Set<String>, over limit: Int) -> (time: Duration, members: [String])? {
        for span in spans {
            let taken = spans.filter { $0.fault.kind.takesMembers && $0.touches(span.begin...span.begin) }
            let names = members.intersection(taken.flatMap(\.fault.nodes))
            if names.count > limit { return (span.begin, names.sorted()) }
        }
        return nil
    }
}
