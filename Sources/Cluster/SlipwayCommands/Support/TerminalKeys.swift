import Dispatch

#if canImport(Glibc)
    import Glibc
#endif

/// Keys of the terminal, one by one and without an echo, and changes of its size, until ``stop()``.
///
/// Ctrl-C and Ctrl-Z stay signals.
final class TerminalKeys {
    private var sources: [any DispatchSourceProtocol]
    /// Settings of the terminal before; nil where standard input is none.
    private var before: termios?

    /// Calls `pressed` with each byte that comes, and `resized` where the terminal has another size, on a queue of
    /// their own. Where standard input is no terminal, there are no keys.
    init(pressed: @escaping @Sendable (UInt8) -> Void, resized: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "slipway.terminal")
        let size = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: queue)
        size.setEventHandler(handler: resized)
        size.resume()
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else {
            sources = [size]
            return
        }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        let keys = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
        keys.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            // The terminal has gone: SIGHUP says so to the whole program.
            guard count > 0 else { return keys.cancel() }
            for byte in bytes.prefix(count) { pressed(byte) }
        }
        keys.resume()
        sources = [size, keys]
    }

    /// Gives the terminal back as it was.
    func stop() {
        for source in sources { source.cancel() }
        sources = []
        if var settings = before { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
        before = nil
    }
}
