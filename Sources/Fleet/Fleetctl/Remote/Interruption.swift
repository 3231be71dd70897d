import Basics
import UnixSignals

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A signal that ends the program, thrown so that children end and temporary files go first.
struct Interruption: Error {
    let signal: Int32

    /// Runs `body`, and cancels it on SIGINT, SIGTERM or SIGHUP.
    ///
    /// - Throws: ``Interruption`` once `body` has ended because of a signal; the error of `body`.
    static func throwing<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return try await race([
            body,
            {
                for await signal in signals { throw Interruption(signal: signal.rawValue) }
                throw CancellationError()
            },
        ])
    }

    /// Ends the process by the signal, as if it had not been caught.
    func end() -> Never {
        var action = sigaction()
        sigemptyset(&action.sa_mask)
        sigaction(signal, &action, nil)
        raise(signal)
        exit(128 + signal)
    }
}
