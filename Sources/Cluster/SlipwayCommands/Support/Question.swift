import Dispatch
import Workspace

/// Questions to the person at the terminal.
enum Question {
    /// Asks whether to go on; no answer, and an answer other than yes, is no. So is the task's cancellation.
    ///
    /// - Throws: ``UserError`` where there is no terminal.
    static func isConfirmed(_ question: String) async throws -> Bool {
        guard Output.isTerminal || Output.errorIsTerminal else {
            throw UserError("\(question)\nNot a terminal: pass --yes to confirm.")
        }
        Output.raw("\(question)\nGo on? [y/N] ")
        let (answers, continuation) = AsyncStream.makeStream(of: String.self)
        // On a thread of its own: the cluster's lease is renewed while a person thinks.
        DispatchQueue(label: "slipway.question").async {
            continuation.yield(readLine()?.lowercased() ?? "")
            continuation.finish()
        }
        var iterator = answers.makeAsyncIterator()
        return ["y", "yes"].contains(await iterator.next())
    }
}
