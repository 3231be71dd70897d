/// Failure between a client and etcd, described for the person who has to fix it.
package struct EtcdError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure; open, so that new codes break no caller.
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

    /// True when the same request may succeed a little later, as nothing is wrong with it.
    package var isTransient: Bool { code == .unavailable || code == .timeout }
}

extension EtcdError {
    /// A refusal of the gateway. `code` is gRPC's: 1 cancelled, 4 deadline exceeded, 5 not found, 11 out of range,
    /// 14 unavailable.
    init(refusal: Gateway.Refusal, status: Int, where place: String) {
        let text = refusal.message ?? refusal.error ?? "HTTP status \(status)"
        let code: Code =
            switch refusal.code {
            // The gateway's own call within the member was cancelled, as it shuts down: "client connection is closing".
            case 1: .unavailable
            case 5: .notFound
            case 11 where text.contains("compacted"): .compacted
            case 4: .timeout
            case 14: .unavailable
            case nil where status >= 500: .unavailable
            default: .refused
            }
        self.init(code, "\(place): \(text)")
    }

    /// No endpoint is left to try.
    static func allFailed(_ failures: [EtcdError], endpoints: [String]) -> EtcdError {
        guard let last = failures.last else {
            return EtcdError(.unavailable, "no etcd endpoint is configured")
        }
        guard failures.count > 1 else { return last }
        let told = failures.map(\.description).joined(separator: "; ")
        let code = failures.contains { $0.code == .timeout } ? Code.timeout : .unavailable
        return EtcdError(code, "none of etcd's \(endpoints.count) endpoints serves the request: \(told)")
    }

    /// The connection was refused: a write cannot have happened.
    var requestWasNotTaken: Bool { code == .unavailable && cause is NotConnected }

    /// Marks that no connection was made.
    struct NotConnected: Error, CustomStringConvertible {
        let description: String

        init(_ error: any Error, _ timeout: Duration) {
            description = NetworkFault(error, timeout: timeout).description
        }
    }
}
