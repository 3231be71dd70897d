import Subprocess

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs programs in the foreground.
package protocol ProcessRunner: Sendable {
    /// Runs `program` with this process's input and output.
    ///
    /// - Returns: its exit code; 128 and the signal's number when a signal ended it.
    func run(_ program: String, _ arguments: [String]) async throws -> Int32

    /// Runs `program` in the place of this process, so that it ends with it, whatever signal ends it.
    ///
    /// - Returns: only where that is not possible, the program's exit code.
    func become(_ program: String, _ arguments: [String]) async throws -> Int32
}

/// Runs them for real.
struct ForegroundRunner: ProcessRunner {
    /// Whether nothing is left to do here once the program has ended, such as taking a tunnel down.
    var isReplaceable = true

    func become(_ program: String, _ arguments: [String]) async throws -> Int32 {
        guard isReplaceable else { return try await run(program, arguments) }
        let words = ([program] + arguments).map { strdup($0) }
        // What this process ignores its successor would ignore, too.
        signal(SIGPIPE, SIG_DFL)
        execvp(program, words + [nil])
        let code = errno
        for word in words { free(word) }
        throw FleetctlError(.file, "cannot run \(program): \(String(cString: strerror(code))); is it installed?")
    }

    func run(_ program: String, _ arguments: [String]) async throws -> Int32 {
        do {
            let status = try await Interruption.throwing {
                try await Subprocess.run(
                    .name(program),
                    arguments: Arguments(arguments),
                    input: .currentStandardInput,
                    output: .currentStandardOutput,
                    error: .currentStandardError,
                ).terminationStatus
            }
            switch status {
            case .exited(let code): return code
            case .signaled(let signal): return 128 + signal
            }
        } catch is SubprocessError {
            throw FleetctlError(.file, "cannot run \(program); is it installed?")
        }
    }
}
