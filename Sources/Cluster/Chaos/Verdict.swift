/// What has to hold while faults happen.
package enum Invariant: String, Sendable, Hashable, CaseIterable {
    case linearizable, quorum, twice, nowhere, stopped, remains

    /// Statement, for people.
    package var statement: String {
        switch self {
        case .linearizable: "etcd's answers through every member and proxy are linearizable"
        case .quorum: "etcd takes writes while a majority of its members is left alone"
        case .twice: "no unit runs twice, except where its node was separated from etcd"
        case .nowhere: "a launched unit is active again in time"
        case .stopped: "no unit is stopped by trouble of etcd"
        case .remains: "nothing of the faults remains"
        }
    }
}

/// Something that did not hold.
package struct Violation: Sendable, Hashable {
    /// What did not hold.
    package var invariant: Invariant
    /// Description, for people.
    package var text: String
    /// Time, from the beginning of the run.
    package var time: Duration
    /// Lines that prove it.
    package var evidence: [String]

    package init(_ invariant: Invariant, _ text: String, at time: Duration, evidence: [String] = []) {
        (self.invariant, self.text, self.time, self.evidence) = (invariant, text, time, evidence)
    }
}

/// Result of a run.
package struct Verdict: Sendable, Hashable {
    /// Name of the cluster.
    package var cluster: String
    /// Name of the scenario.
    package var scenario: String
    /// Seed of the choice of faults.
    package var seed: UInt64
    /// Time from the first fault's choice to the end of the last.
    package var took: Duration
    /// True when it was stopped before its time was up.
    package var wasStopped: Bool
    /// Faults that happened.
    package var timeline: FaultTimeline
    /// Violations, the first one first.
    package var violations: [Violation]
    /// Figures of the workload on etcd.
    package var counts: Counts
    /// Facts that limit what was judged: faults that this host cannot do, say.
    package var notes: [String]

    /// Figures of the workload on etcd.
    package struct Counts: Sendable, Hashable {
        /// Operations with an answer.
        package var answered: Int
        /// Operations of unknown outcome.
        package var unknown: Int
        /// Keys whose history had too many orders to try.
        package var undecided: Int

        package init(answered: Int = 0, unknown: Int = 0, undecided: Int = 0) {
            (self.answered, self.unknown, self.undecided) = (answered, unknown, undecided)
        }
    }

    /// Verdict with violations in any order.
    package init(
        cluster: String,
        scenario: String,
        seed: UInt64,
        took: Duration = .zero,
        wasStopped: Bool = false,
        timeline: FaultTimeline = FaultTimeline(),
        violations: [Violation] = [],
        counts: Counts = Counts(),
        notes: [String] = [],
    ) {
        (self.cluster, self.scenario, self.seed, self.took) = (cluster, scenario, seed, took)
        (self.wasStopped, self.timeline, self.counts, self.notes) = (wasStopped, timeline, counts, notes)
        self.violations = violations.sorted { $0.time < $1.time }
    }

    /// True when everything held.
    package var holds: Bool { violations.isEmpty }
}
