import FoundationEssentials
import Synchronization
import Terminal

#if canImport(Glibc)
    import Glibc
#endif

/// Text that commands print, taken in place of being printed.
final class OutputRecorder: Sendable {
    private let state = Mutex((output: "", error: ""))

    /// Standard output.
    var output: String { state.withLock(\.output) }
    /// Standard error.
    var error: String { state.withLock(\.error) }

    fileprivate func take(_ text: String, for descriptor: Int32) {
        state.withLock { state in
            if descriptor == STDOUT_FILENO { state.output += text } else { state.error += text }
        }
    }
}

/// The one place that prints: reports to standard output, everything about the work itself to standard error.
enum Output {
    /// Taker of all that the current task prints; nil but in tests.
    @TaskLocal static var recorder: OutputRecorder?

    static var environment: [String: String] { ProcessInfo.processInfo.environment }
    static var isTerminal: Bool { recorder == nil && isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool {
        recorder == nil && isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    }
    static var style: Style { Style(isTerminal: isTerminal, environment: environment) }
    static var errorStyle: Style { Style(isTerminal: errorIsTerminal, environment: environment) }

    /// The terminal's columns, or 80.
    static var width: Int { screen(of: STDERR_FILENO)?.columns ?? 80 }

    /// The size of the terminal that reports go to; nil where they go elsewhere, or it does not say.
    static var screen: (rows: Int, columns: Int)? { screen(of: STDOUT_FILENO) }

    private static func screen(of descriptor: Int32) -> (rows: Int, columns: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    static func print(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) }
    static func note(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: STDERR_FILENO) }
    static func raw(_ text: String) { write(text, to: STDERR_FILENO) }
    static func rawOutput(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func json(_ value: some Encodable) throws { print(try JSONText.pretty(value)) }

    /// One of several documents, on a line of its own.
    static func event(_ value: some Encodable) throws { print(try JSONText.line(value)) }

    private static func write(_ text: String, to descriptor: Int32) {
        if let recorder { return recorder.take(text, for: descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // A pipe or a terminal that another program made non-blocking.
                if errno == EAGAIN {
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, -1)
                    continue
                }
                // Who reads no more, as `head` does, has what it wanted; anything else is output that is lost.
                guard descriptor == STDOUT_FILENO else { return }
                let reason = errno == EPIPE ? nil : String(cString: strerror(errno))
                return Interrupt.end(saying: reason.map { "cannot write the output: \($0)" })
            }
            rest = rest.dropFirst(count)
        }
    }
}
