/// Reason why the proxy does not start.
package struct ProxyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kind of failure.
    package enum Code: String, Sendable {
        /// A variable of the environment is missing or says what this proxy cannot do.
        case configuration
        /// An address could not be listened on.
        case listen
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Description of the failure.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "etcd proxy: \(message)" }
}
