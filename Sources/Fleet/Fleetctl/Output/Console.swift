import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Outputs of a command: its result goes to `out`, everything about it to `err`.
package struct Console: Sendable {
    private let writeOut: @Sendable (String) -> Void
    private let writeErr: @Sendable (String) -> Void

    /// Creates a console that gives its lines to these functions.
    package init(out: @escaping @Sendable (String) -> Void, err: @escaping @Sendable (String) -> Void) {
        writeOut = out
        writeErr = err
    }

    /// Writes the text as it is.
    package func emit(_ text: String) { writeOut(text) }

    /// One line of result.
    package func out(_ line: String) { writeOut(line + "\n") }

    /// One line about what happens.
    package func err(_ line: String) { writeErr(line + "\n") }

    /// The process's own output. A reader that has gone away is no error, as there is nobody left to report it to; one
    /// that cannot take a result, as on a full disk, ends the process with 1.
    package static let standard = Console(
        out: { text in
            guard let error = write(text, to: .standardOutput), error != .brokenPipe else { return }
            _ = write("fleetctl: cannot write to standard output: \(error)\n", to: .standardError)
            exit(1)
        },
        err: { _ = write($0, to: .standardError) },
    )

    /// True where the process's output is a terminal, so that it can be overwritten.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// - Returns: why it was not written, or not whole.
    private static func write(_ text: String, to descriptor: FileDescriptor) -> Errno? {
        do {
            try descriptor.writeAll(text.utf8)
            return nil
        } catch {
            return error as? Errno ?? .ioError
        }
    }
}
