import Etcd

/// Reason why fleet's state could not be read or changed.
package struct RegistryError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Storage: String, Sendable {
            case unavailable, noSuchUnit, unitExists, changedMeanwhile, duplicateMachine, machineLost, malformed
        }

        private let storage: Storage

        /// etcd did not do it; the cause says why.
        package static let unavailable = Code(storage: .unavailable)
        /// There is no unit of that name.
        package static let noSuchUnit = Code(storage: .noSuchUnit)
        /// A unit of that name exists with another text.
        package static let unitExists = Code(storage: .unitExists)
        /// Somebody else changed it between the read and the write; read again.
        package static let changedMeanwhile = Code(storage: .changedMeanwhile)
        /// Another machine with the same id is present.
        package static let duplicateMachine = Code(storage: .duplicateMachine)
        /// The machine's presence has ended; it has to register again.
        package static let machineLost = Code(storage: .machineLost)
        /// A value in etcd is not what fleet writes.
        package static let malformed = Code(storage: .malformed)

        package var description: String { storage.rawValue }
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

    init(_ what: String, _ error: EtcdError) {
        self.init(.unavailable, "cannot \(what)", cause: error)
    }

    /// True where the same may succeed a little later: etcd could not do it now, or another writer was faster.
    package var isTransient: Bool {
        guard code == .unavailable else { return code == .changedMeanwhile || code == .unitExists }
        return (cause as? EtcdError)?.isTransient ?? true
    }

    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
