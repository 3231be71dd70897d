import Foundation

/// Directories that are there for one call.
package enum TemporaryDirectory {
    /// Calls `body` with a new directory, which is removed after it.
    package static func with<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (String) async throws -> Result,
    ) async throws -> Result {
        let path = NSTemporaryDirectory() + "slipway-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
