/// Limit and interval of a command's wait for units.
package struct WaitPolicy: Sendable, Hashable {
    /// Number of readings; 0 does not wait at all.
    package var attempts: Int
    /// Pause between two readings.
    package var interval: Duration

    package init(attempts: Int, interval: Duration) {
        self.attempts = attempts
        self.interval = interval
    }

    /// One minute, looking ten times a second.
    package static let standard = WaitPolicy(attempts: 600, interval: .milliseconds(100))

    /// The longest wait.
    package var limit: Duration { interval * attempts }
}

extension WaitPolicy {
    /// - Parameters:
    ///   - blockAttempts: `--block-attempts`: so many times two seconds, as in the original; 0 is the standard.
    ///   - noBlock: `--no-block`.
    package init(blockAttempts: Int, noBlock: Bool) {
        if noBlock {
            self.init(attempts: 0, interval: .zero)
        } else if blockAttempts > 0 {
            self.init(attempts: blockAttempts * 8, interval: .milliseconds(250))
        } else {
            self = .standard
        }
    }
}
