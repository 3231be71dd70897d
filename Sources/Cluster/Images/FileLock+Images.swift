import Basics
import Glibc

extension FileLock {
    /// Way out for a user whose directory of images is root's, as earlier versions left it when they were run by sudo.
    static func advice(on failure: SystemFailure, at path: String, user: uid_t = geteuid()) -> String {
        guard failure.number == EACCES, user != 0, let slash = path.lastIndex(of: "/") else { return "" }
        return " (where its directory is another user's, run: sudo chown \(user) \(path[..<slash]))"
    }

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
            throw ImagesError(.store, "cannot lock \(path)\(advice(on: error, at: path))", cause: error)
        } catch {
            throw ImagesError(.busy, "interrupted while waiting for \(path)", cause: error)
        }
    }
}
