import ArgumentParser
import Diagnostics
import Terminal

/// A failure already printed on standard error, with its form for programs.
struct ToldFailure: Error {
    /// One sentence.
    var text: String
    /// Findings in files, the errors among them.
    var diagnostics: [Diagnostic] = []
    var code = ExitCode.failure
    /// True where this host may be why.
    var isAboutHost = false

    init(_ text: String, code: ExitCode = .failure, isAboutHost: Bool = false) {
        (self.text, self.code, self.isAboutHost) = (text, code, isAboutHost)
    }

    /// Findings that stop a command; the first error stands for all.
    init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics.inReadingOrder
        let errors = self.diagnostics.filter { $0.severity == .error }
        let first = errors.first.map { error in error.location.map { "\($0): \(error.message)" } ?? error.message }
        text = (first ?? "there are errors") + (errors.count > 1 ? " (and \(errors.count - 1) more)" : "")
    }
}

/// A command with `--json`. Whatever keeps it from its work goes to standard output as JSON too, beside the text for
/// people on standard error.
protocol JSONCommand: AsyncParsableCommand {
    var output: JSONOption { get }
    /// True where it prints events, one a line, of which the last is `done` or `error`; otherwise one document.
    static var printsEvents: Bool { get }
}

extension JSONCommand {
    static var printsEvents: Bool { false }
}

/// A failure as programs read it.
struct FailurePayload: Encodable {
    /// `error`, where it is the last of events.
    var event: String?
    var error: String
    var diagnostics: [Diagnostic]?

    /// Nil where the command has printed all there is, and its exit code says the rest.
    init?(_ error: any Error, of command: any JSONCommand) {
        event = type(of: command).printsEvents ? "error" : nil
        switch error {
        case let told as ToldFailure:
            self.error = told.text
            diagnostics = told.diagnostics.isEmpty ? nil : told.diagnostics
        case is ExitCode: return nil
        default: self.error = SlipwayCommand.message(for: error)
        }
    }

    /// In the command's form.
    var text: String { get throws { try event == nil ? JSONText.pretty(self) : JSONText.line(self) } }
}
