import ArgumentParser
import Basics
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Ctrl-C as a person means it: the work under way is brought to a stop at the next safe place, and a second Ctrl-C
/// ends the program at once.
enum Interrupt {
    private struct State {
        /// The signal that stopped the work.
        var stopped: Int32?
        var cancel: (@Sendable () -> Void)?
        /// Action of a second Ctrl-C instead of ending the program.
        var insist: (@Sendable () -> Void)?
    }

    /// Time after a first Ctrl-C within which a second one belongs to it.
    private static let pairLimit = Duration.seconds(2)

    /// Number of guarded tasks, and whether ``end()`` has stopped them.
    private static let guarded = Mutex((count: 0, isEnding: false))

    /// Ends the program with status 1; a work that is guarded, such as a change of a cluster, is stopped as by SIGTERM
    /// first, once.
    ///
    /// - Parameter reason: printed the first time.
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
    ///
    /// - Parameter insisting: work that is begun in place of that end when a second Ctrl-C follows the first soon, and
    ///   what it is, for the person who may want it; nil where a second one ends the program at once.
    static func guarding<Result: Sendable>(
        advice: String,
        insisting: (words: String, work: @Sendable () async throws -> Result)? = nil,
        _ work: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        // A command that a test runs leaves the signals of its process to others.
        if Output.recorder != nil { return try await work() }
        let state = Mutex(State())
        let (insistences, insistence) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if insisting != nil { state.withLock { $0.insist = { insistence.yield() } } }
        let note = insisting.map { "Stopping; once more \($0.words)." } ?? "Stopping; once more to stop at once."
        guarded.withLock { $0.count += 1 }
        defer { guarded.withLock { $0.count -= 1 } }
        return try await StopSignals.handling { number in
            let (before, act) = state.withLock { state in
                let before = state.stopped
                guard before != nil else {
                    state.stopped = number
                    return (before, state.cancel)
                }
                defer { state.insist = nil }
                return (before, before == SIGINT && number == SIGINT ? state.insist : nil)
            }
            if before == nil { Output.note("\n\(number == SIGINT || insisting == nil ? note : "Stopping.")") }
            if before != nil, act == nil { _exit(130) }
            act?()
        } while: {
            let task = Task(operation: work)
            let isLate = state.withLock { state in
                state.cancel = { task.cancel() }
                return state.stopped != nil
            }
            if isLate { task.cancel() }
            do {
                return try await task.value
            } catch  where state.withLock({ $0.stopped != nil }) {
                if let insisting, state.withLock({ $0.stopped == SIGINT }) {
                    let isInsisted = await withDeadline(pairLimit) { () -> Bool in
                        for await _ in insistences { return true }
                        return false
                    }
                    if isInsisted == true { return try await insisting.work() }
                }
                Output.note(advice)
                throw ToldFailure(advice, code: ExitCode(130))
            }
        }
    }

    /// Does what changes nothing yet; stopped by Ctrl-C, it lets go of the cluster, after saying `advice`.
    static func untouched<Result: Sendable>(
        _ advice: String,
        _ work: @escaping @Sendable () async throws -> Result,
    ) async throws -> Result {
        try await guarding(advice: advice) {
            let result = try await work()
            try Task.checkCancellation()
            return result
        }
    }
}
