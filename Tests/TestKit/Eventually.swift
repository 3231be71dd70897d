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
///
/// The limit counts what asking takes and the pauses, and not for how much longer than its pause this test had to wait
/// for a processor: on a machine that is busy with other tests, what is waited for does not get its turn either. Ten
/// times the limit is enough for that.
package func eventually(
    within limit: Duration = .seconds(30),
    _ what: String,
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool,
) async throws {
    let pause = Duration.milliseconds(20)
    let end = ContinuousClock.now + limit * 10
    var left = limit
    while true {
        let start = ContinuousClock.now
        if try await condition() { return }
        left -= ContinuousClock.now - start + pause
        guard left > .zero, ContinuousClock.now < end else { throw NeverHappened(what: what, limit: limit) }
        try await Task.sleep(for: pause)
    }
}
