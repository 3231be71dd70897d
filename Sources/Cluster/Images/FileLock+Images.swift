import Basics

extension FileLock {
    /// Waits until the lock is free, for as long as building an image may take.
    ///
    /// - Parameter onWait: called once, when another process holds the lock.
    static func acquire(
        _ path: String,
        patience: Duration = .seconds(1200),
        onWait: () -> Void,
    ) async throws(ImagesError) -> FileLock {
        let deadline = ContinuousClock.now + patience
        var hasWaited = false
        do {
            let lock = try FileLock(path)
            while try !lock.take(.exclusive) {
                guard ContinuousClock.now < deadline else {
                    throw ImagesError(.busy, "another process has held \(path) for \(patience); see: fuser \(path)")
                }
                if !hasWaited { onWait() }
                hasWaited = true
                try await Task.sleep(for: .milliseconds(100))
            }
            return lock
        } catch let error as ImagesError {
            throw error
        } catch let error as SystemFailure {
            throw ImagesError(.store, "cannot lock \(path)", cause: error)
        } catch {
            throw ImagesError(.busy, "interrupted while waiting for \(path)", cause: error)
        }
    }
}
