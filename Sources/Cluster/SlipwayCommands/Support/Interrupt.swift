import ArgumentParser
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Ctrl-C as a person means it: the work under way is brought to a stop at the next safe place, and a second Ctrl-C ends
/// the program at once.
enum Interrupt {
    private struct State {
        var isInterrupted = false
        var cancel: (@Sendable () -> Void)?
    }

    /// How many works are guarded, and whether ``end()`` stopped them.
    private static let guarded = Mutex((count: 0, isEnding: false))

    /// Ends the program with status 1; a work that is guarded, such as a change of a cluster, is stopped as by SIGTERM
    /// first, once.
    ///
    /// - Parameter reason: told the first time.
    static func end(saying reason: String?) {
        let (count, again) = guarded.withLock { guarded in
            defer { guarded.isEnding = true }
            return (guarded.count, guarded.isEnding)
        }
        if !again, let reason { Output.note(reason) }
        if count == 0 { exit(1) }
        if !again { kill(getpid(), SIGTERM) }
    }

    /// Runs `work`; on SIGINT, SIGTERM or SIGHUP (a closed terminal) it is cancelled, and the program ends with status
    /// 130 after saying `advice`. A SIGHUP that was ignored before, as by nohup, stays so.
    static func guarding<Result: Sendable>(
        advice: String,
        _ work: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        let state = Mutex(State())
        guarded.withLock { $0.count += 1 }
        defer { guarded.withLock { $0.count -= 1 } }
        // A queue of its own has a thread of its own, whatever else has much to do.
        let queue = DispatchQueue(label: "slipway.interrupt")
        let handled = [SIGINT, SIGTERM, SIGHUP].filter { $0 != SIGHUP || !isIgnored($0) }
        let sources = handled.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                let (again, cancel) = state.withLock { state in
                    defer { state.isInterrupted = true }
                    return (state.isInterrupted, state.cancel)
                }
                if again { _exit(130) }
                Output.note("\nStopping; once more to stop at once.")
                cancel?()
            }
            source.resume()
            return source
        }
        defer {
            for source in sources { source.cancel() }
            for number in handled { signal(number, SIG_DFL) }
        }
        // Only now: a signal that came while the work began would have ended the program in the middle of it.
        let task = Task(operation: work)
        let isLate = state.withLock { state in
            state.cancel = { task.cancel() }
            return state.isInterrupted
        }
        if isLate { task.cancel() }
        do {
            return try await task.value
        } catch  where state.withLock({ $0.isInterrupted }) {
            Output.note(advice)
            throw ExitCode(130)
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN as __sighandler_t?, to: Int.self)
    }
}
