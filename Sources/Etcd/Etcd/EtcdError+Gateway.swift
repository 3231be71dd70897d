import NIOCore

extension EtcdError {
    /// A refusal of the gateway. `code` is gRPC's: 5 not found, 11 out of range, 14 unavailable.
    init(refusal: Gateway.Refusal, status: Int, where place: String) {
        let text = refusal.message ?? refusal.error ?? "HTTP status \(status)"
        let code: Code =
            switch refusal.code {
            case 5: .notFound
            case 11 where text.contains("compacted"): .compacted
            case 4: .timeout
            case 14 where text.contains("timed out"): .timeout
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

        init(_ error: any Error) {
            description = (error as? IOError)?.description ?? "\(error)"
        }
    }
}
