/// Time as commands know it: they only ever pause.
package struct Pause: Sendable {
    /// Sleeps for some time, or throws when the task is cancelled.
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.sleep = sleep
    }

    /// Real time.
    package static let real = Pause { try await Task.sleep(for: $0) }
}
