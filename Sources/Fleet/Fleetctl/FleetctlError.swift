/// Reason why a command of fleetctl failed, for the person who typed it.
package struct FleetctlError: Error, Sendable {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Value: Sendable, Hashable { case usage, unreachable, refused, notFound, notPlaced, timedOut, file }
        private let value: Value

        /// The command line makes no sense.
        package static var usage: Code { Code(value: .usage) }
        /// fleet's API does not answer.
        package static var unreachable: Code { Code(value: .unreachable) }
        /// fleet answered with an error.
        package static var refused: Code { Code(value: .refused) }
        /// A unit, machine or file is not there.
        package static var notFound: Code { Code(value: .notFound) }
        /// No machine takes the unit.
        package static var notPlaced: Code { Code(value: .notPlaced) }
        /// A deadline passed.
        package static var timedOut: Code { Code(value: .timedOut) }
        /// A local file cannot be read, or is not a unit.
        package static var file: Code { Code(value: .file) }
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
}

extension FleetctlError: CustomStringConvertible {
    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
