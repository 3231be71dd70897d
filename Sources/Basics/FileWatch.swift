import Dispatch
import Glibc

/// Waits for a file to be made or replaced.
package struct FileWatch: Sendable {
    /// The directory of a file cannot be watched.
    package struct Failure: Error, CustomStringConvertible {
        let directory: String
        let number: Int32

        package var description: String { "cannot watch \(directory): \(String(cString: strerror(number)))" }
    }

    private let path: String

    /// Creates a watch for a file.
    package init(_ path: String) { self.path = path }

    /// Returns once there is the file, at once where it is there.
    ///
    /// - Throws: ``Failure`` where its directory cannot be watched.
    package func appearance() async throws { try await until { [path] in access(path, F_OK) == 0 } }

    /// Returns once the condition is true, which depends on the file.
    ///
    /// - Throws: ``Failure`` where its directory cannot be watched.
    package func until(_ condition: @Sendable () -> Bool) async throws {
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
        if condition() { return }
        for await _ in events where condition() { return }
        try Task.checkCancellation()
    }

    /// - Returns: a descriptor that is readable when a file was made in the directory, moved into it, or written.
    private func watch() throws -> Int32 {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        let directory = end == path.startIndex ? "/" : String(path[..<end])
        let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw Failure(directory: directory, number: errno) }
        let events = UInt32(IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE)
        guard inotify_add_watch(descriptor, directory, events) >= 0 else {
            let number = errno
            close(descriptor)
            throw Failure(directory: directory, number: number)
        }
        return descriptor
    }
}
