import Basics
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

    /// Runs `program` without input and ends it after a while.
    ///
    /// - Returns: its standard output.
    /// - Throws: `FleetctlError` when it cannot be run, fails, or takes too long.
    func output(of program: String, _ arguments: [String], within limit: Duration) async throws -> String
}

/// Runs them for real.
struct ForegroundRunner: ProcessRunner {
    /// True where nothing is left to do here once the program has ended, such as closing a tunnel.
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

    func output(of program: String, _ arguments: [String], within limit: Duration) async throws -> String {
        do {
            let result = try await Interruption.throwing {
                try await withDeadline(limit) {
                    try await Subprocess.run(
                        .name(program),
                        arguments: Arguments(arguments),
                        output: .string(limit: 1 << 20),
                        error: .string(limit: 1 << 16),
                    )
                }
            }
            guard let result else { throw FleetctlError(.timedOut, "\(program) takes longer than \(limit)") }
            guard result.terminationStatus.isSuccess else {
                throw FleetctlError(.refused, "\(program) failed: \(result.standardError.trimmed)")
            }
            return result.standardOutput
        } catch is SubprocessError {
            throw FleetctlError(.file, "cannot run \(program); is it installed?")
        }
    }
}
