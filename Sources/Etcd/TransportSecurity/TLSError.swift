/// Failure to make one side of TLS from its settings.
package struct TLSError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package enum Code: String, Sendable {
        /// A setting is missing beside the others.
        case missing
        /// A file cannot be read.
        case unreadable
        /// What was read is no certificate or key.
        case invalid
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Description of the failure; it names the setting, and never holds a key.
    package var message: String
    /// The error that caused it.
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        (self.code, self.message, self.cause) = (code, message, cause)
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
