import Dispatch
import Glibc
import SystemPackage

/// Waits until there is a file.
package struct FileAppearance: Sendable {
    private let path: FilePath

    /// Creates a watch for a file.
    package init(_ path: String) { self.path = FilePath(path) }

    private var isThere: Bool { access(path.string, F_OK) == 0 }

    /// Returns at once where the file is there.
    ///
    /// - Throws: `Errno` where its directory cannot be watched.
    package func wait() async throws {
        let descriptor = try watch()
        let (events, continuation) = AsyncStream.makeStream(of: Void.self)
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            // What the events say does not matter, only that they are read.
            var buffer = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &buffer, buffer.count) > 0 {}
            continuation.yield()
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
        defer { source.cancel() }
        // Looked at after the watch began: between the two, nothing is missed.
        if isThere { return }
        for await _ in events where isThere { return }
        try Task.checkCancellation()
    }

    /// - Returns: a descriptor that is readable when a file was made in the directory, or moved into it.
    private func watch() throws -> Int32 {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        let directory = path.removingLastComponent().string
        guard inotify_add_watch(descriptor, directory, UInt32(IN_CREATE | IN_MOVED_TO)) >= 0 else {
            let error = Errno(rawValue: errno)
            close(descriptor)
            throw error
        }
        return descriptor
    }
}
