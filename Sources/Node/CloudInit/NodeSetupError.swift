/// Reason why a machine could not be set up.
package struct NodeSetupError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Kind { case usage, userData, file, account, program, systemd }
        private var kind: Kind

        /// The command line makes no sense.
        package static let usage = Code(kind: .usage)
        /// The user-data cannot be read, or is wrong: nothing was done.
        package static let userData = Code(kind: .userData)
        /// A file cannot be read or written.
        package static let file = Code(kind: .file)
        /// There is no such user or group.
        package static let account = Code(kind: .account)
        /// A program that was needed failed.
        package static let program = Code(kind: .program)
        /// systemd refuses or does not answer.
        package static let systemd = Code(kind: .systemd)
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Description of the failure.
    package var message: String
    /// Description of the underlying failure.
    package var cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
