/// Failure of the discovery service.
package struct DiscoveryError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Storage: Sendable, Hashable { case storage, socket, service }
        private var storage: Storage

        /// Its directory cannot be read or written.
        package static let storage = Code(storage: .storage)
        /// It cannot listen.
        package static let socket = Code(storage: .socket)
        /// Another discovery service gave no token.
        package static let service = Code(storage: .service)
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
