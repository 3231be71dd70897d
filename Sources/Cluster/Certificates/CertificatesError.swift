/// Reason why there is no certificate.
package struct CertificatesError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package enum Code: String, Sendable {
        /// The request asks for what no certificate can say.
        case request
        /// The library refused to make it.
        case encoding
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Description of the failure.
    package var message: String
    /// Underlying error.
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
