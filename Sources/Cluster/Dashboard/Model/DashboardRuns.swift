import Synchronization

/// Commands that pages have begun. Each runs to its end, whether the page stays or not; but a question that nobody can
/// answer any more is answered with no.
package final class DashboardRuns: Sendable {
    /// What a page is told of a command.
    package enum Message: Sendable, Hashable {
        case output(CommandOutput)
        /// It has ended, with an exit code, or with why there is none.
        case ended(code: Int32?, reason: String?)
    }

    private struct Run {
        var task: Task<Void, Never>?
        /// What it says; nil once a page reads it.
        var messages: AsyncStream<Message>?
        var answers: AsyncStream<Bool>.Continuation
    }

    private struct State {
        var runs: [Int: Run] = [:]
        var last = 0
    }

    private let source: any DashboardSource
    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameter patience: time in which a page has to begin to read.
    package init(_ source: any DashboardSource, patience: Duration = .seconds(30)) {
        (self.source, self.patience) = (source, patience)
    }

    /// Begins a command.
    ///
    /// - Returns: its number.
    package func begin(_ words: [String]) -> Int {
        let (messages, continuation) = AsyncStream.makeStream(of: Message.self)
        let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
        // Whoever does not read on gives no answers either.
        continuation.onTermination = { _ in answer.finish() }
        return state.withLock { state in
            state.last += 1
            let number = state.last
            let task = Task { [weak self, source] in
                do {
                    let code = try await source.run(words, answers: answers) { continuation.yield(.output($0)) }
                    continuation.yield(.ended(code: code, reason: nil))
                } catch {
                    let reason = error is CancellationError ? "stopped" : "\(error)"
                    continuation.yield(.ended(code: nil, reason: reason))
                }
                continuation.finish()
                self?.ended(number)
            }
            state.runs[number] = Run(task: task, messages: messages, answers: answer)
            Task { [weak self, patience] in
                do { try await Task.sleep(for: patience) } catch { return }
                self?.hasWaited(number)
            }
            return number
        }
    }

    /// What a command says, from its beginning; for one reader.
    ///
    /// - Throws: ``DashboardError`` where there is nothing to read.
    package func messages(of number: Int) throws -> AsyncStream<Message> {
        let messages = state.withLock { state in
            let messages = state.runs[number]?.messages
            state.runs[number]?.messages = nil
            if state.runs[number]?.task == nil { state.runs[number] = nil }
            return messages
        }
        guard let messages else { throw DashboardError("there is no command \(number)") }
        return messages
    }

    private func ended(_ number: Int) {
        state.withLock { state in
            state.runs[number]?.task = nil
            if state.runs[number]?.messages == nil { state.runs[number] = nil }
        }
    }

    /// A page that was closed before it read anything never will.
    private func hasWaited(_ number: Int) {
        state.withLock { state in
            guard state.runs[number]?.messages != nil else { return }
            state.runs[number]?.messages = nil
            state.runs[number]?.answers.finish()
            if state.runs[number]?.task == nil { state.runs[number] = nil }
        }
    }

    /// Answers a command's question.
    ///
    /// - Throws: ``DashboardError`` for one that has ended.
    package func answer(_ number: Int, _ isYes: Bool) throws {
        try run(number).answers.yield(isYes)
    }

    /// Stops a command as Ctrl-C would.
    ///
    /// - Throws: ``DashboardError`` for one that has ended.
    package func stop(_ number: Int) throws {
        try run(number).task?.cancel()
    }

    /// Stops all commands, and waits until they have ended.
    package func stopAll() async {
        let tasks = state.withLock { $0.runs.values.compactMap(\.task) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func run(_ number: Int) throws -> Run {
        guard let run = state.withLock({ $0.runs[number] }), run.task != nil else {
            throw DashboardError("that command has ended")
        }
        return run
    }
}
