/// Waits until the cluster has changed, so that it can be read again. A server without `GET /changes`, such as the
/// original's, or one that does not answer, is read every second.
struct ChangeWaiter {
    /// The pause between two readings of a server without `GET /changes`.
    static let interval = Duration.seconds(1)
    /// Changes that follow each other within this time are seen in one reading.
    static let coalescing = Duration.milliseconds(50)

    private let context: FleetContext
    /// Time for one `GET /changes`: less than the limit of a request; no more than fleet's API allows.
    private let seconds: Int
    /// Revision up to which the last reading was complete.
    private var revision: Int64?
    private var supportsLongPolling: Bool

    init(_ context: FleetContext) {
        self.context = context
        seconds = Int(min(30, context.settings.requestTimeout - 1))
        supportsLongPolling = seconds > 0
    }

    /// Notes the present revision. To be called before the first reading, so that nothing is missed until the second.
    mutating func begin() async {
        guard supportsLongPolling else { return }
        do {
            revision = try await context.client.changes(since: nil, seconds: seconds)
            supportsLongPolling = revision != nil
        } catch {
            // The reading that follows meets the same failure and reports it.
            revision = nil
        }
    }

    /// - Throws: only when the task is cancelled.
    mutating func wait() async throws {
        guard supportsLongPolling, let known = revision else {
            try await context.pause.sleep(Self.interval)
            await begin()
            return
        }
        while revision == known {
            do {
                revision = try await context.client.changes(since: known, seconds: seconds)
            } catch is FleetctlError {
                revision = nil
                return try await context.pause.sleep(Self.interval)
            }
        }
        try await context.pause.sleep(Self.coalescing)
    }
}
