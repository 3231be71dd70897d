/// Runs all operations at once. The first that ends, with a value or with an error, decides; the others are cancelled.
///
/// - Throws: the deciding operation's error; `CancellationError` when there is no operation.
package func race<Value: Sendable>(
    _ operations: [@Sendable () async throws -> Value]
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        for operation in operations { group.addTask(operation: operation) }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}

/// Runs `operation`, and cancels it after `limit`.
///
/// - Returns: nil when the limit came first.
/// - Throws: the operation's error; `CancellationError` when the calling task is cancelled meanwhile.
package func withDeadline<Value: Sendable>(
    _ limit: Duration,
    _ operation: @escaping @Sendable () async throws -> Value,
) async throws -> Value? {
    try await race([
        { try await operation() },
        {
            try await Task.sleep(for: limit)
            return nil
        },
    ])
}

/// Runs `operation`, which does not throw, and cancels it after `limit`.
///
/// - Returns: nil when the limit came first, or the calling task was cancelled.
package func withDeadline<Value: Sendable>(
    _ limit: Duration,
    _ operation: @escaping @Sendable () async -> Value,
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await operation() }
        group.addTask {
            do { try await Task.sleep(for: limit) } catch { return nil }
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
