/// What went wrong between a client and etcd, in words for the person who has to mend it.
package struct EtcdError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was; new codes do not break a caller.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Storage: String, Sendable {
            case unavailable, timeout, compacted, notFound, refused, invalidAnswer, cancelled
        }

        private let storage: Storage

        /// No endpoint took the request, or etcd has no leader: nothing was changed.
        package static let unavailable = Code(storage: .unavailable)
        /// No answer in time. A write may or may not have happened.
        package static let timeout = Code(storage: .timeout)
        /// The asked revision has been compacted away: read the present state and go on from there.
        package static let compacted = Code(storage: .compacted)
        /// There is no such lease or member.
        package static let notFound = Code(storage: .notFound)
        /// etcd understood the request and will not do it, for example because the cluster is unhealthy.
        package static let refused = Code(storage: .refused)
        /// The answer was not what etcd's gateway says.
        package static let invalidAnswer = Code(storage: .invalidAnswer)
        /// The task was cancelled.
        package static let cancelled = Code(storage: .cancelled)

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

    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }

    /// Whether the same request may succeed a little later, as nothing is wrong with it.
    package var isTransient: Bool { code == .unavailable || code == .timeout }
}
