/// Reason why fleetd could not do something on its own machine.
package struct FleetError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Storage: Sendable { case configuration, files, socket, identity, systemd }

        private let storage: Storage

        /// The configuration has a value that cannot be used.
        package static let configuration = Code(storage: .configuration)
        /// A unit file or directory could not be read or written.
        package static let files = Code(storage: .files)
        /// A socket cannot be opened.
        package static let socket = Code(storage: .socket)
        /// The machine has no usable identity.
        package static let identity = Code(storage: .identity)
        /// systemd has not brought a unit where it was to be.
        package static let systemd = Code(storage: .systemd)
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Description of the failure.
    package var message: String
    /// Description of the underlying failure.
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
