/// Result of one check of a cluster.
package struct SmokeResult: Sendable, Hashable {
    /// Outcome of a check.
    package enum Outcome: Sendable, Hashable {
        /// The note says what was left out, if anything.
        case passed(note: String?)
        /// The cluster has not what the check needs, such as a second machine.
        case notApplicable(String)
        /// Failure, with evidence.
        case failed(String, evidence: [String])
    }

    /// Name of the check.
    package var name: String
    /// Outcome of the check.
    package var outcome: Outcome
    /// Time that it took.
    package var took: Duration

    package init(name: String, outcome: Outcome, took: Duration) {
        self.name = name
        self.outcome = outcome
        self.took = took
    }

    /// True when the check failed.
    package var isFailure: Bool { if case .failed = outcome { true } else { false } }
}

/// A check that did not hold.
struct SmokeFailure: Error {
    var message: String
    var evidence: [String] = []
}

/// A check that has nothing to check.
struct SmokeInapplicable: Error {
    var reason: String
}
