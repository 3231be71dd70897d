import Glibc

/// An exclusive lock on a file, released when the value goes; the kernel releases it when the process dies.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    private init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Waits until the lock is free, for as long as building an image may take.
    static func acquire(
        _ path: String,
        patience: Duration = .seconds(1200),
        onWait: () -> Void,
    ) async throws(ImagesError) -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw ImagesError(.store, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        let lock = FileLock(adopting: descriptor)
        let deadline = ContinuousClock.now + patience
        var told = false
        while flock(descriptor, LOCK_EX | LOCK_NB) < 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw ImagesError(.store, "cannot lock \(path): \(String(cString: strerror(errno)))")
            }
            guard ContinuousClock.now < deadline else {
                throw ImagesError(.busy, "another process has held \(path) for \(patience); see: fuser \(path)")
            }
            if !told {
                onWait()
                told = true
            }
            do {
                try await Task.sleep(for: .milliseconds(100))
            } catch {
                throw ImagesError(.busy, "interrupted while waiting for \(path)", cause: error)
            }
        }
        return lock
    }

    deinit {
        close(descriptor)
    }
}
