/// A node or a cluster that did not become what the plan says, with what was seen of it.
package struct ProvisioningError: Error, Sendable, CustomStringConvertible {
    /// Failure, with its node and rung.
    package var message: String
    /// The last lines of what is known of it: console, unit status, etcd's answer.
    package var evidence: [String]
    /// Advice, one line each.
    package var hints: [String]

    package init(_ message: String, evidence: [String] = [], hints: [String] = []) {
        self.message = message
        self.evidence = evidence
        self.hints = hints
    }

    package var description: String {
        ([message] + evidence.map { "    | \($0)" } + hints.map { "    try: \($0)" }).joined(separator: "\n")
    }
}
