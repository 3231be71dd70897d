import Synchronization

/// Time that each endpoint has for an answer. It doubles for one that was late, up to a bound, and halves with each
/// answer: a host that needs longer than the usual time would otherwise be asked for ever and never heard.
final class AnswerPatience: Sendable {
    /// Bound of the factor.
    private static let most = 8

    private let usual: Duration
    private let factors = Mutex<[String: Int]>([:])

    /// - Parameter usual: time of an endpoint that was not late.
    init(_ usual: Duration) { self.usual = usual }

    /// Time that the endpoint has now.
    func limit(of endpoint: String) -> Duration { factors.withLock { usual * $0[endpoint, default: 1] } }

    /// Notes that an answer did not come in time.
    func wasLate(_ endpoint: String) {
        factors.withLock { $0[endpoint] = min(Self.most, 2 * $0[endpoint, default: 1]) }
    }

    /// Notes that an answer came.
    func answered(_ endpoint: String) {
        factors.withLock { factors in
            let half = factors[endpoint, default: 1] / 2
            factors[endpoint] = half > 1 ? half : nil
        }
    }
}
