import Cgroups
import Glibc

/// Destinations of error messages: the console, and a file in the node's directory that outlives the node.
struct Report: Sendable {
    private let log: Int32

    init(log: Int32) {
        self.log = log
    }

    /// A report with its log in the node's directory, which is out of sight once the node's root is entered.
    static func opened() -> Report {
        Report(log: open("/.slipway/node/init.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644))
    }

    func failure(_ failure: Failure) {
        say("slipway-node-init: \(failure.message)\n")
        if let hint = failure.hint {
            say("slipway-node-init: \(hint)\n")
        }
    }

    func note(_ text: String) { say("slipway-node-init: \(text)\n") }

    private func say(_ text: String) {
        for descriptor in [STDERR_FILENO, log] where descriptor >= 0 {
            // A console that takes no text is no reason to stop, and there is no other way to report it.
            _ = write(descriptor, text, text.utf8.count)
        }
    }
}
