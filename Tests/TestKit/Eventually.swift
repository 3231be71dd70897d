/// Something a test waited for and did not see.
package struct NeverHappened: Error, CustomStringConvertible {
    /// Condition that was waited for.
    package var what: String
    /// Time that it had.
    package var limit: Duration
    /// State at the end.
    package var evidence: String

    package init(what: String, limit: Duration, evidence: String = "") {
        self.what = what
        self.limit = limit
        self.evidence = evidence
    }

    package var description: String {
        "not within \(limit): \(what)" + (evidence.isEmpty ? "" : "\n\(evidence)")
    }
}

/// Waits until the condition holds, asking again every 20 ms; for things that announce themselves by no event.
package func eventually(
    within limit: Duration = .seconds(30),
    _ what: String,
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool,
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what, limit: limit) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
