import Dispatch
import FoundationEssentials
import Workspace

/// Questions to the person at the terminal.
enum Question {
    /// Last words of every question; nothing follows them on their line.
    static let prompt = "Go on? [y/N] "
    /// Variable that a program sets to `input` which asks a person by itself: questions are then asked on standard error
    /// and answered on standard input, without a terminal.
    static let variable = "SLIPWAY_ANSWERS"

    /// Asks whether to go on; no answer, and an answer other than yes, is no. So is the task's cancellation.
    ///
    /// - Throws: ``UserError`` where there is no terminal.
    static func isConfirmed(_ question: String) async throws -> Bool {
        let isAskedByProgram = ProcessInfo.processInfo.environment[variable] == "input"
        guard isAskedByProgram || Output.isTerminal || Output.errorIsTerminal else {
            throw UserError("\(question)\nNot a terminal: pass --yes to confirm.")
        }
        Output.raw("\(question)\n\(prompt)")
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
