/// Failure between the host and a node's SSH server.
package struct SSHError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Storage: Sendable, Hashable { case secret, connection, deadline, command }
        private var storage: Storage

        /// Slipway's own keys cannot be read or written.
        package static let secret = Code(storage: .secret)
        /// ssh could not connect or log in.
        package static let connection = Code(storage: .connection)
        /// No answer in time.
        package static let deadline = Code(storage: .deadline)
        /// The command ran on the node and failed.
        package static let command = Code(storage: .command)
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
