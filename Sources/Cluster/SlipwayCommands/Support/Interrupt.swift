import ArgumentParser
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Ctrl-C as a person means it: the work under way is brought to a stop at the next safe place, and a second Ctrl-C ends
/// the program at once.
enum Interrupt {
    /// Runs `work`; on SIGINT or SIGTERM it is cancelled, and the program ends with status 130 after saying `advice`.
    static func guarding<Result: Sendable>(
        advice: String,
        _ work: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        let interrupted = Mutex(false)
        let task = Task(operation: work)
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let again = interrupted.withLock { flag in
                    defer { flag = true }
                    return flag
                }
                if again { _exit(130) }
                Output.note("\nStopping; once more to stop at once.")
                task.cancel()
            }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do {
            return try await task.value
        } catch  where interrupted.withLock({ $0 }) {
            Output.note(advice)
            throw ExitCode(130)
        }
    }
}
