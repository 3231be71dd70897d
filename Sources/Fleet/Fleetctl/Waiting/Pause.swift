/// Time as commands know it: they only ever pause.
package struct Pause: Sendable {
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.sleep = sleep
    }

    /// Real time.
    package static let real = Pause { try await Task.sleep(for: $0) }
}
