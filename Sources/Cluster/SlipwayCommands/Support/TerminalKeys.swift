import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Keys of the terminal, one by one and without an echo, and changes of its size, until ``stop()``.
///
/// Ctrl-C and Ctrl-Z stay signals.
final class TerminalKeys: Sendable {
    private let sources: Mutex<[any DispatchSourceProtocol]>
    private let before: Mutex<termios?>

    /// Calls `pressed` with each byte that comes, and `resized` where the terminal has another size, on a queue of
    /// their own. Where standard input is no terminal, there are no keys.
    init(pressed: @escaping @Sendable (UInt8) -> Void, resized: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "slipway.terminal")
        let size = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: queue)
        size.setEventHandler(handler: resized)
        size.resume()
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else {
            sources = Mutex([size])
            before = Mutex(nil)
            return
        }
        before = Mutex(settings)
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
        sources = Mutex([size, keys])
    }

    /// Gives the terminal back as it was.
    func stop() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
            sources = []
        }
        before.withLock { settings in
            if var found = settings { tcsetattr(STDIN_FILENO, TCSADRAIN, &found) }
            settings = nil
        }
    }
}
