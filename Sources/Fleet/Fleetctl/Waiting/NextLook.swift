/// When to look at the cluster again: once it has changed. A fleet that cannot tell, as the original's, or does not
/// answer, is looked at every second.
struct NextLook {
    /// The pause between two looks at a fleet that cannot tell.
    static let interval = Duration.seconds(1)
    /// What follows a change so soon is seen in the same look.
    static let coalescing = Duration.milliseconds(50)

    private let context: FleetContext
    /// Less than the patience with a request, in seconds; no more than fleet's API allows.
    private let seconds: Int
    /// Up to where the last look saw everything.
    private var revision: Int64?
    private var isTold = true

    init(_ context: FleetContext) {
        self.context = context
        seconds = Int(min(30, context.settings.requestTimeout - 1))
        isTold = seconds > 0
    }

    /// To be called before the first look, that nothing is missed between it and the second.
    mutating func begin() async {
        guard isTold else { return }
        do {
            revision = try await context.client.changes(since: nil, seconds: seconds)
            isTold = revision != nil
        } catch {
            // The look that follows meets the same trouble and tells of it.
            revision = nil
        }
    }

    /// - Throws: only when the task is cancelled.
    mutating func wait() async throws {
        guard isTold, let known = revision else {
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
