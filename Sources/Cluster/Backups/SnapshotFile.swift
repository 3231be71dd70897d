import Basics
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// A file that is written as its bytes come, for its owner alone; removed where they do not all come.
package enum SnapshotFile {
    /// - Parameter source: hands over the bytes, in order.
    package static func write(
        _ path: String,
        from source: (_ take: @escaping @Sendable (Data) throws -> Void) async throws -> Void,
    ) async throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemFailure("create \(path)") }
        defer { close(descriptor) }
        do {
            try await source { data in
                guard data.withUnsafeBytes({ AtomicFile.writeAll($0, to: descriptor) }) else {
                    throw SystemFailure("write \(path)")
                }
            }
        } catch {
            unlink(path)
            throw error
        }
    }
}
