import Dispatch

private let fileQueue = DispatchQueue(label: "slipway.files", attributes: .concurrent)

/// Runs blocking file work on a thread of its own: Swift's pool has one thread a core, and others wait for them.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        fileQueue.async {
            continuation.resume(with: Result(catching: body))
        }
    }
}
